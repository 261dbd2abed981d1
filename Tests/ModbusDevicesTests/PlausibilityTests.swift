import EnergyModel
import Testing

@testable import ModbusDevices

@Suite struct PlausibilityTests {
  /// The values of one point as they are told once a second; nil where they were marked.
  private func told(
    _ point: Point, _ values: [Double], every: Duration = .seconds(1), rollOvers: [Double] = []
  ) -> [Double?] {
    var check = Plausibility(rollOvers: [point: rollOvers])
    var now = MonotonicInstant(nanoseconds: 5)
    return values.map { value in
      var readings = [Reading(point, value)]
      check.check(&readings, measured: now)
      now = now + every
      #expect(readings[0].quality == (readings[0].value == nil ? .outOfRange : .good))
      return readings[0].value
    }
  }

  @Test func ordinaryValuesPass() {
    for values in [[0, 11_000, -5000, 49_000, 0], [230, 231, 0, 230]] as [[Double]] {
      #expect(told(.power, values) == values)
    }
    #expect(told(.soc, [50, 51, 50]) == [50, 51, 50])
    #expect(told(.energyImport, [100, 100, 101, 5000]) == [100, 100, 101, 5000])
  }

  @Test func aSpikeIsMarkedAndALastingJumpIsBelievedWithItsSecondSample() {
    #expect(told(.power, [1500, 98_304_000, 1510]) == [1500, nil, 1510])
    #expect(told(.power, [1500, 400_000, 401_000, 402_000]) == [1500, nil, 401_000, 402_000])
    #expect(told(.power, [1500, 400_000, -700_000, 1500]) == [1500, nil, nil, 1500])
    #expect(told(.soc, [50, 80, 50]) == [50, nil, 50])
    #expect(told(.frequency, [50, 12.8, 50]) == [50, nil, 50])
  }

  @Test func afterALongSilenceAnyPowerMayBe() {
    #expect(told(.power, [1500, 400_000], every: .seconds(61)) == [1500, 400_000])
  }

  /// Exchanged words of 230.1 (0x4366199A) are 0x199A4366.
  @Test func exchangedWordsOfAFloatAreNoVoltage() {
    let swapped = Double(Float(bitPattern: 0x199A_4366))
    #expect(told(.voltageL1, [230, swapped, 230]) == [230, nil, 230])
    #expect(told(.voltageL1, [0, 0]) == [0, 0])
  }

  @Test func aCounterThatFallsIsBelievedWithItsThirdSample() {
    #expect(told(.energyImport, [5000, 0, 0, 1, 2]) == [5000, nil, nil, 1, 2])
    #expect(told(.energyImport, [5000, 0, 5001, 5002]) == [5000, nil, 5001, 5002])
    #expect(told(.energyImport, [5000, 3, 2, 1, 0]) == [5000, nil, nil, nil, nil])
    // However long it was away.
    #expect(told(.energyImport, [5000, 0, 0, 0], every: .seconds(600)) == [5000, nil, nil, 0])
  }

  /// 2^32 of 0.01 kWh and of 1 Wh.
  @Test(arguments: [42_949_672_960.0, 4_294_967_296]) func aCounterThatRollsOverIsNotReset(_ end: Double) {
    let before = [end - 120, end - 20]
    let after = [0.0, 40, 90]
    #expect(told(.energyImport, before + after, rollOvers: [end]) == before + after)
    // An hour without a connection at 100 kW.
    #expect(told(.energyImport, [end - 20, 99_000], every: .seconds(3600), rollOvers: [end]) == [end - 20, 99_000])
    // A counter that is not at its end, and one that was not known to have one.
    #expect(
      told(.energyImport, [end / 2, 0, 1, 2], rollOvers: [end]) == [end / 2, nil, nil, 2])
    #expect(told(.energyImport, before + after) == before + [nil, nil, 90])
    // Exchanged words are no roll-over.
    #expect(told(.energyImport, [end - 20, end / 3, end - 19], rollOvers: [end]) == [end - 20, nil, end - 19])
  }

  /// A span as short as what may pass meanwhile says nothing.
  @Test func aShortSpanIsNone() {
    #expect(told(.energyImport, [5000, 0, 0, 1], rollOvers: [6000]) == [5000, nil, nil, 1])
  }

  @Test func aCounterThatJumpsAheadOfAnyPowerIsMarked() {
    let shifted = 5000.0 * 65_536
    #expect(told(.energyImport, [5000, shifted, 5001]) == [5000, nil, 5001])
    #expect(told(.energyImport, [5000, shifted, shifted, shifted + 1]) == [5000, nil, nil, shifted + 1])
    // 100 kW over two hours without a connection.
    #expect(told(.energyImport, [0, 200_000], every: .seconds(7200)) == [0, 200_000])
  }

  @Test func whatIsMarkedAlreadyStaysAndTeachesNothing() {
    var check = Plausibility()
    var readings = [Reading(.power, quality: .timeout), Reading(.operatingState, 4)]
    let before = readings
    check.check(&readings, measured: MonotonicInstant(nanoseconds: 0))
    #expect(readings == before)
  }
}
