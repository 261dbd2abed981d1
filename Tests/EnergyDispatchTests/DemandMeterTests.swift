import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct DemandMeterTests {
  /// One digit of the saved text is another: it is understood or lost, and no start ends because of it.
  @Test(
    arguments: [
      "24317 8000 9223372036854775807 5000000", "24317 8000 1963 9223372036854775807",
      "24317 8000 -9223372036854775808 5000000", "24317 8000 1963 -9223372036854775808",
    ] as [Substring])
  func aDamagedTextStopsNobody(text: Substring) {
    let time = ManualTime()
    var demand = DemandMeter(saved: text, at: time.now().monotonic) ?? .lost(at: time.now().monotonic)
    for _ in 0..<3 {
      time.advance(by: .seconds(1))
      demand.observe(
        .init(power: 100, currents: [], importCounter: .known(1000)), time.now(), .utc, assumed: 8000, baseLoad: 500)
      _ = demand.saved(at: time.now().monotonic)
    }
    #expect(demand.energy.isFinite)
    #expect(demand.energy < 10_000)
  }

  /// A meter that is read each second; the clock starts at 10:00:00, a quarter hour's begin.
  private struct Meter {
    let time = ManualTime()
    var demand = DemandMeter()
    /// Of the counter, Wh; 0 means exact.
    var resolution = 0.0
    var counted = 5_000_000.0
    var hasCounter = true
    var isSilent = false
    var power = 0.0
    /// Of the connection.
    var most: Double?

    mutating func run(_ seconds: Int, every step: Int = 1) {
      for _ in 0..<seconds / step {
        counted += max(0, power) * Double(step) / 3600
        time.advance(by: .seconds(step))
        look()
      }
    }

    mutating func look() {
      var grid = SiteView.Grid(power: isSilent ? nil : power, currents: [])
      let shown = resolution > 0 ? (counted / resolution).rounded(.down) * resolution : counted
      if hasCounter { grid.importCounter = isSilent ? .unknown : .known(shown) }
      demand.observe(grid, time.now(), .utc, assumed: 8000, baseLoad: 500, most: most)
    }

    mutating func restart() {
      let now = time.now().monotonic
      demand = DemandMeter(saved: Substring(demand.saved(at: now)), at: now) ?? .lost(at: now)
    }

    var peak: Double { demand.peak(at: time.now(), .utc) }
  }

  private static func near(_ a: Double, _ b: Double, within error: Double = 3) -> Bool { (a - b).magnitude <= error }

  @Test(arguments: [true, false]) func theEnergyOfTheRunningQuarterHour(hasCounter: Bool) {
    var meter = Meter(hasCounter: hasCounter, power: 3600)
    meter.look()
    meter.run(600)
    #expect(Self.near(meter.demand.energy, 600))
    meter.run(300)
    #expect(Self.near(meter.demand.energy, 0))
    meter.run(100)
    #expect(Self.near(meter.demand.energy, 100))
    #expect(Self.near(meter.peak, 3600, within: 10))
  }

  @Test func exportIsNotSubtracted() {
    var meter = Meter(power: 3600)
    meter.look()
    meter.run(300)
    meter.power = -9000
    meter.run(300)
    #expect(Self.near(meter.demand.energy, 300))
  }

  /// A counter of 100 Wh: in between the power counts, and a tick is not counted in two quarter hours.
  @Test func aCoarseCounterIsCompletedByPower() {
    var meter = Meter(resolution: 100, power: 3600)
    meter.look()
    meter.run(1250)
    #expect(Self.near(meter.demand.energy, 350))
    #expect(Self.near(meter.peak, 3600, within: 10))
    meter.run(550)
    #expect(Self.near(meter.peak, 3600, within: 10))
  }

  /// 300 s at 3.6 kW · the counter begins anew at 0 · 300 s at 3.6 kW
  @Test func aCounterThatWasResetCountsOn() {
    var meter = Meter(power: 3600)
    meter.look()
    meter.run(300)
    meter.counted = 0
    meter.run(300)
    #expect(Self.near(meter.demand.energy, 600))
  }

  /// 10:00 a quarter hour at 3.6 kW · 10:15 another one at 7.2 kW, in which the counter leaps, for good or for one reading · the
  /// energy goes on as the power says, and that quarter hour makes no peak · 10:30 the next one does
  @Test(arguments: [6000, 500_000, 4_294_967_296, -3000, -5_000_000], [true, false])
  func aLeapOfTheCounterMakesNoPeak(leap: Double, returns: Bool) {
    for at in [100, 500, 898] {
      for most in [24_150.0, nil] {
        var meter = Meter(power: 3600, most: most)
        meter.look()
        meter.run(900)
        meter.power = 7200
        meter.run(at)
        meter.counted += leap
        meter.run(1)
        if returns { meter.counted -= leap }
        meter.run(899 - at)
        meter.look()
        #expect(Self.near(meter.peak, 3600, within: 10), "\(leap) at \(at): \(meter.peak)")
        meter.power = 1800
        meter.run(1)
        meter.restart()
        meter.run(300)
        #expect(Self.near(meter.demand.energy, 150, within: 6), "\(leap) at \(at): \(meter.demand.energy)")
        meter.power = 9000
        meter.run(599)
        meter.run(901)
        #expect(Self.near(meter.peak, 9000, within: 20), "\(leap) at \(at): \(meter.peak)")
      }
    }
  }

  /// 10:10 the agent is away for a minute, and the counter is another one when it is back: what was before counts as the target.
  @Test(arguments: [900_000.0, -4_900_000]) func aLeapWhileTheAgentIsAwayMakesNoPeak(leap: Double) {
    var meter = Meter(power: 3600, most: 24_150)
    meter.look()
    meter.run(900 + 600)
    meter.counted += leap
    meter.time.advance(by: .seconds(60))
    meter.restart()
    meter.look()
    #expect(Self.near(meter.demand.energy, 8000 * 660 / 3600))
    meter.run(300)
    #expect(Self.near(meter.peak, 3600, within: 10))
  }

  /// The coarsest counters tick in whole kilowatt-hours, and the first tick may come right after the start.
  @Test func oneTickIsNoLeap() {
    var meter = Meter(resolution: 1000, power: 12_000, most: 24_150)
    meter.counted = 5_000_999
    meter.look()
    meter.run(1800)
    #expect(meter.peak > 10_000)
  }

  /// 300 s at 3.6 kW · 300 s of silence in which 5.4 kW were imported: the counter tells it afterwards
  @Test func theCounterTellsWhatWasMissed() {
    var meter = Meter(power: 3600)
    meter.look()
    meter.run(300)
    meter.isSilent = true
    meter.power = 5400
    meter.run(299)
    #expect(Self.near(meter.demand.energy, 599))
    meter.isSilent = false
    meter.run(1)
    #expect(Self.near(meter.demand.energy, 750))
  }

  /// Silent from 10:10 to 10:20: what was imported meanwhile is divided between both quarter hours.
  @Test func aGapAcrossTheBoundaryIsDivided() {
    var meter = Meter(power: 3600)
    meter.look()
    meter.run(600)
    meter.run(600, every: 600)
    #expect(Self.near(meter.demand.energy, 300))
    #expect(Self.near(meter.peak, 3600, within: 10))
  }

  @Test func aSilentMeterWithoutHistoryImportsTheBaseLoad() {
    var meter = Meter(isSilent: true)
    meter.look()
    meter.run(360)
    #expect(Self.near(meter.demand.energy, 50, within: 1))
  }

  /// 10:10 restart for 60 s: the counter went on
  @Test func aRestartKeepsTheEnergyAndThePeak() {
    var meter = Meter(power: 3600)
    meter.look()
    meter.run(900 + 600)
    meter.counted += 60
    meter.time.advance(by: .seconds(60))
    meter.restart()
    meter.look()
    #expect(Self.near(meter.demand.energy, 660))
    #expect(Self.near(meter.peak, 3600, within: 10))
    meter.isSilent = true
    meter.restart()
    meter.look()
    #expect(Self.near(meter.demand.energy, 8000 * 660 / 3600))
    meter.isSilent = false
    meter.run(1)
    #expect(Self.near(meter.demand.energy, 661))
  }

  /// Begun in the middle of a quarter hour: what was before counts as the target.
  @Test func lostMemoryAssumesTheTarget() {
    var meter = Meter(power: 0)
    meter.time.advance(by: .seconds(450))
    meter.look()
    #expect(Self.near(meter.demand.energy, 1000))
    meter.run(450)
    #expect(meter.peak == 0)
    #expect(DemandMeter(saved: "rubbish", at: meter.time.now().monotonic) == nil)
    #expect(DemandMeter(saved: "1 2 3", at: meter.time.now().monotonic) == nil)
  }

  /// The clock jumps a year ahead and back: neither makes or forgets a peak. The month goes on in July.
  @Test func jumpsOfTheClockKeepThePeak() {
    var meter = Meter(power: 3600)
    meter.look()
    meter.run(901)
    meter.time.stepWall(by: .seconds(365 * 86_400))
    meter.run(10)
    #expect(meter.peak == 0)
    meter.time.stepWall(by: .seconds(-365 * 86_400))
    meter.run(10)
    #expect(Self.near(meter.peak, 3600, within: 10))
    meter.time.trustClock(false)
    meter.time.stepWall(by: .seconds(-50 * 365 * 86_400))
    meter.run(10)
    #expect(Self.near(meter.peak, 3600, within: 10))
  }

  /// 21 June · nine days and 14 hours later it is July: the first whole quarter hour of it sets a new peak
  @Test func theMonthBeginsAnew() {
    var meter = Meter(power: 3600)
    meter.look()
    meter.run(901)
    meter.run(900, every: 5)
    meter.power = 1800
    meter.time.advance(by: .seconds(9 * 86_400 + 14 * 3600 - 1801))
    meter.counted += 10_000
    meter.look()
    #expect(meter.peak == 0)
    meter.run(900)
    #expect(Self.near(meter.peak, 1800, within: 10))
  }
}
