import EnergyModel
import Testing

@testable import Commissioning

struct VisitTests {
  private func sample(_ second: Double, _ values: [Point: Double]) -> Sample {
    let now = Moment(
      wall: Timestamp(milliseconds: 0), monotonic: MonotonicInstant(nanoseconds: Int64(second * 1e9)))
    return Sample(device: "hybrid", measured: now, readings: values.map { Reading($0, $1) })
  }

  private func bounds(fromGrid: Bool = false) -> DeviceBounds {
    var bounds = DeviceBounds()
    bounds.acLimit = 10_000
    bounds.battery = .init(
      maximumCharge: 5000, maximumDischarge: 5000, socWindow: 10...95, temperatureWindow: 0...50,
      chargesFromGrid: fromGrid)
    return bounds
  }

  private func inverter(soc: Double, pv: Double = 0, battery: Double = 0) -> Sample {
    sample(0, [.soc: soc, .pvPower: pv, .batteryPower: battery, .power: pv + battery])
  }

  @Test func theBatteryIsMovedWhereThereIsRoom() throws {
    let night = try StepChoice.choose(bounds(), inverter: inverter(soc: 50), grid: 300, cap: 5880)
    #expect(night.power == 2000)
    // 2 kW are charged and nothing is exported: at rest 2 kW are, and 3.68 kW more are permitted.
    let full = inverter(soc: 50, pv: 6000, battery: -2000)
    #expect(try StepChoice.choose(bounds(), inverter: full, grid: 0, cap: 3000).power == -2000)
    #expect(try StepChoice.choose(bounds(), inverter: full, grid: 0, cap: 3500).power == -2000)
    #expect(try StepChoice.choose(bounds(), inverter: full, grid: 0, cap: 4300).power == 2000)
    // Empty, and never charged from the grid.
    #expect(throws: StepChoice.Refusal.self) {
      try StepChoice.choose(bounds(), inverter: inverter(soc: 10), grid: 0, cap: nil)
    }
    #expect(
      try StepChoice.choose(bounds(fromGrid: true), inverter: inverter(soc: 10), grid: 0, cap: nil).power == -2000)
  }

  @Test func aPersonIsBoundByTheSiteToo() {
    let empty = inverter(soc: 10, pv: 1000)
    #expect(bounds().refusal(of: [.chargeLimit: 3000, .dischargeLimit: 0], given: empty) == nil)
    #expect(bounds().refusal(of: [.chargeLimit: 6000], given: empty)?.contains("-5000…5000 W") == true)
    #expect(bounds().refusal(of: [.chargeLimit: -500], given: empty)?.contains("discharged down to 10 %") == true)
    #expect(bounds().refusal(of: [.dischargeLimit: -900], given: empty) == nil)
    #expect(bounds().refusal(of: [.dischargeLimit: -1100], given: empty)?.contains("grid_charging") == true)
    #expect(bounds().refusal(of: [.dischargeLimit: -900], given: sample(0, [:]))?.contains("not known") == true)
    #expect(bounds().refusal(of: [.productionLimit: 10_001], given: empty) != nil)
    var critical = DeviceBounds()
    critical.isCritical = true
    #expect(critical.refusal(of: [.relayOn: 0], given: empty) != nil)
    #expect(critical.refusal(of: [.relayOn: 1], given: empty) == nil)
  }

  @Test func countersGoWithThePower() throws {
    func outcome(import rise: Double, export fall: Double, power: Double) throws -> Finding.Outcome {
      var check = CounterCheck()
      for second in 0...60 {
        let share = Double(second) / 60
        check.saw(
          sample(
            Double(second), [.power: power, .energyImport: 1000 + rise * share, .energyExport: 500 + fall * share]))
      }
      return try #require(check.finding("meter")).outcome
    }
    #expect(try outcome(import: 50, export: 0, power: 3000) == .passed)
    #expect(try outcome(import: 0, export: 50, power: -3000) == .passed)
    #expect(try outcome(import: 0, export: 50, power: 3000) == .failed)
    #expect(try outcome(import: 120, export: 0, power: 3000) == .failed)
    #expect(try outcome(import: 1, export: 0, power: 60) == .open)
  }

  @Test func whatStandsStillOrStaysAwayIsFound() {
    func outcomes(_ samples: [Sample?], needed: [Point] = [.power]) -> [String: Finding.Outcome] {
      let polls = samples.map { Survey.Poll(sample: $0, duration: .milliseconds(10), trouble: nil) }
      let findings = Survey(device: "meter", polls: polls, needed: needed).findings
      return Dictionary(findings.map { ($0.check, $0.outcome) }, uniquingKeysWith: { first, _ in first })
    }
    let well = (0..<4).map { sample(Double($0), [.power: 100, .voltageL1: 230 + Double($0) / 10]) }
    #expect(outcomes(well) == ["reachable": .passed, "points": .passed, "live": .passed])
    let frozen = (0..<4).map { sample(Double($0), [.power: 100, .voltageL1: 230]) }
    #expect(outcomes(frozen)["live"] == .failed)
    #expect(outcomes(well + [nil])["reachable"] == .failed)
    #expect(outcomes([nil]) == ["reachable": .failed])
    #expect(outcomes(well, needed: [.soc])["points"] == .failed)
  }

  @Test func lettingGoInTime() {
    func outcome(_ seconds: Int?) -> Finding.Outcome {
      Reversion(
        device: "hybrid", command: "x", timer: .seconds(60), reverted: seconds.map { .seconds($0) },
        watched: .seconds(88)
      ).finding.outcome
    }
    #expect(outcome(62) == .passed)
    #expect(outcome(20) == .failed)
    #expect(outcome(nil) == .failed)
  }

  @Test func theCapHasToBeInTheInverter() {
    #expect(Effects.cap("hybrid", cap: 5880, exports: [5860, 5870], offered: 6280, heldBack: 400).outcome == .passed)
    #expect(Effects.cap("hybrid", cap: 5880, exports: [6250], offered: 6280, heldBack: 0).outcome == .failed)
    #expect(Effects.cap("hybrid", cap: 5880, exports: [4000], offered: 6280, heldBack: 400).outcome == .open)
  }

  @Test func whatWasOpenMayBeDoneLaterAndWhatFailedStays() {
    var findings = Findings()
    findings.add(Finding("meter", "transformer L2", .open, ""))
    findings.add(Finding("meter", "transformer L2", .passed, ""))
    #expect(findings.all.isAccepted)
    findings.add(Finding("meter", "transformer L2", .failed, ""))
    findings.add(Finding("meter", "transformer L2", .passed, ""))
    #expect(findings.outcome("meter", "transformer L2") == .failed)
    #expect(findings.all.count == 1)
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func theHashIsThatOfSha256sum(text: String, hash: String) { #expect(SHA256.hex(Array(text.utf8)) == hash) }
}
