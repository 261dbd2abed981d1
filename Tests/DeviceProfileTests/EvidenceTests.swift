import DeviceProfile
import EnergyModel
import Testing

/// A profile's own test, and what it says of the profile.
@Suite struct EvidenceTests {
  private let power = PointDefinition(.power, [.init(Profiles.holding(10, .int32))])
  private let soc = PointDefinition(.soc, [.init(Profiles.holding(12, .uint16, notImplemented: [0xFFFF]))])
  private let relay = CommandDefinition(
    name: "limit", parameters: [.productionLimit], onExpiry: .open, reversion: .seconds(60),
    writes: [
      RegisterWrite(
        start: .absolute(.holding, 20),
        values: [.parameter(.productionLimit, field: Profiles.holding(0, .uint16)), .reversionTime])
    ])

  private func profile(_ evidence: [Evidence] = [], confidence: DeviceProfile.Confidence = .vendor) -> DeviceProfile {
    DeviceProfile(
      name: "p", title: "p", source: "p", confidence: confidence, points: [power, soc], commands: [relay],
      evidence: evidence)
  }

  private func evidence(
    _ registers: [UInt16], _ points: [Point: Evidence.Expected] = [:], origin: Evidence.Origin = .derived
  ) -> Evidence {
    Evidence(
      origin: origin, blocks: [.init(start: .absolute(.holding, 10), registers: registers)], points: points)
  }

  @Test func agrees() {
    let good = evidence([0xFFFF, 0xFC18, 55], [.power: .value(-1000), .soc: .value(55)])
    #expect(profile().problems(with: good) == [])
    let none = evidence([0, 0, 0xFFFF], [.soc: .bad(.notImplemented)])
    #expect(profile().problems(with: none) == [])
    let impossible = evidence([0, 0, 101], [.soc: .bad(.outOfRange)])
    #expect(profile().problems(with: impossible) == [])
  }

  @Test func disagrees() {
    let wrong = evidence(
      [0xFFFF, 0xFC18, 55], [.power: .value(1000), .soc: .bad(.notImplemented), .frequency: .value(1)])
    #expect(
      Set(profile().problems(with: wrong)) == [
        .unknownPoint(.frequency), .different(.power, expected: .value(1000), found: .value(-1000)),
        .different(.soc, expected: .bad(.notImplemented), found: .value(55)),
      ])
    #expect(
      profile().problems(with: evidence([0xFFFF], [.power: .value(-1)])) == [.registersMissing(.power)])
  }

  @Test func commands() {
    func asked(_ kind: SetpointKind, _ written: [UInt16]) -> [EvidenceProblem] {
      let block = Evidence.Block(start: .absolute(.holding, 20), registers: written)
      return profile().problems(with: Evidence(origin: .derived, blocks: [], asked: [kind: 4000], written: [block]))
    }
    #expect(asked(.productionLimit, [4000, 60]) == [])
    #expect(
      asked(.productionLimit, [4000, 61]) == [
        .writes(
          1, expected: .init(start: .absolute(.holding, 20), registers: [4000, 61]),
          found: .init(start: .absolute(.holding, 20), registers: [4000, 60]))
      ])
    #expect(asked(.relayOn, [1]) == [.refused(.noSuchCommand([.relayOn]))])
  }

  @Test func doubts() {
    let derived = evidence([0, 0, 1], [.soc: .value(1)])
    let published = evidence([0, 0, 1], [.soc: .value(1)], origin: .published)
    #expect(profile().doubts == [.noEvidence])
    #expect(profile([derived]).doubts == [.derivedEvidence])
    #expect(profile([derived, published]).doubts == [])
    #expect(profile([published], confidence: .single).doubts == [.singleSource(commands: ["limit"])])
    var mixed = profile([published], confidence: .single)
    mixed.commands[0].confidence = .independent
    #expect(!mixed.isExperimental)
    mixed.commands = []
    mixed.evidence = []
    #expect(mixed.doubts == [.noEvidence])
  }

  @Test func lines() {
    #expect(SerialLine("19200 8E1") == SerialLine(baud: 19200, parity: .even, stopBits: 1))
    #expect(SerialLine("9600 8N2")?.description == "9600 8N2")
    for wrong in ["9600", "9600 7E1", "9601 8N1", "9600 8N3", "9600 8X1", "9600 8N10", ""] {
      #expect(SerialLine(wrong) == nil)
    }
  }
}
