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
    let written = asked(.published)
    #expect(profile().doubts == [.noEvidence])
    #expect(profile([derived]).doubts == [.derivedEvidence])
    #expect(profile([derived, asked(.derived)]).doubts == [.derivedEvidence])
    #expect(profile([derived, published, written]).doubts == [])
    #expect(profile([written]).doubts == [])
    #expect(profile([published, written], confidence: .single).doubts == [.singleSource(commands: ["limit"])])
    var mixed = profile([published, written], confidence: .single)
    mixed.commands[0].confidence = .independent
    #expect(!mixed.isExperimental)
    mixed.commands = []
    mixed.evidence = []
    #expect(mixed.doubts == [.noEvidence])
  }

  /// What is read says nothing of what is written: each command needs an example of its own.
  @Test func anExampleOfReadingConfirmsNoCommand() {
    let read = evidence([0, 0, 1], [.soc: .value(1)], origin: .published)
    #expect(profile([read]).doubts == [.derivedCommands(["limit"])])
    #expect(profile([read, asked(.derived)]).doubts == [.derivedCommands(["limit"])])
    var two = profile([read, asked(.published)])
    #expect(!two.isExperimental)
    var other = relay
    other.name = "battery"
    other.parameters = [.chargeLimit, .dischargeLimit]
    two.commands.append(other)
    #expect(two.doubts == [.derivedCommands(["battery"])])
    #expect(two.doubts.map(\.description) == ["no published example confirms what battery writes"])
    two.evidence = [read]
    #expect(two.doubts.map(\.description) == ["no published example confirms what limit and battery write"])
    // A meter's command is none.
    two.commands = []
    #expect(!two.isExperimental)
    // What was asked without what it became shows nothing.
    var unwritten = asked(.published)
    unwritten.written = nil
    #expect(profile([read, unwritten]).doubts == [.derivedCommands(["limit"])])
  }

  private func asked(_ origin: Evidence.Origin) -> Evidence {
    Evidence(
      origin: origin, blocks: [], asked: [.productionLimit: 4000],
      written: [.init(start: .absolute(.holding, 20), registers: [4000, 60])])
  }

  @Test func lines() {
    #expect(SerialLine("19200 8E1") == SerialLine(baud: 19200, parity: .even, stopBits: 1))
    #expect(SerialLine("9600 8N2")?.description == "9600 8N2")
    for wrong in ["9600", "9600 7E1", "9601 8N1", "9600 8N3", "9600 8X1", "9600 8N10", ""] {
      #expect(SerialLine(wrong) == nil)
    }
  }
}
