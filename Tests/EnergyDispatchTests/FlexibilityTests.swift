import EnergyModel
import Forecasting
import TestKit
import Testing

@testable import EnergyDispatch

/// The site of ``Scene``: 10 kWh of battery at 60 % between a reserve of 20 % and 95 %, 5 kW either way.
@Suite struct FlexibilityTests {
  typealias Offer = ForecastReport.Offer

  /// What a test changes of a night with a load of 1 kW that is certain.
  struct Night {
    var parameters = Scene.parameters()
    var values: [DeviceID: [Point: Double]] = [
      Scene.meter: [.power: 1000, .currentL1: 1.5, .currentL2: 1.5, .currentL3: 1.5],
      Scene.hybrid: [
        .power: 0, .pvPower: 0, .batteryPower: 0, .soc: 60, .batteryTemperature: 20, .chargePowerMax: 5000,
        .dischargePowerMax: 5000, .alarms: 0,
      ],
      Scene.boiler: [.relayOn: 0],
    ]
    var forecasts = Night.forecasts(9, load: 1000...1000)
    var recent = Flexibility.Recent(load: 1000...1000, pv: 0...0)
    var isClockTrusted = true
    var running = RunningLimits()

    /// The grid operator's or an aggregator's limit.
    mutating func limit(_ quantity: LimitedQuantity, _ value: Double, minutes: Int? = nil) {
      let ends = minutes.map { ManualTime().now().monotonic + .seconds($0 * 60) }
      running.channels.applied.append(
        .init(channel: "dso", class: .legal, quantity: quantity, value: value, origin: .running(ends: ends)))
    }

    static func order<Value>(_ value: Value, from begin: Int = 0, to end: Int?) -> StandingOrders.Order<Value> {
      let now = ManualTime().now().monotonic
      return .init(
        value: value, starts: now + .seconds(begin * 60), ends: end.map { now + .seconds($0 * 60) }, id: "1",
        issuer: "vpp")
    }

    /// Of the running quarter hour and the next ones, all alike.
    static func forecasts(_ count: Int, load: ClosedRange<Double>?, pv: ClosedRange<Double>? = 0...0) -> [Forecast] {
      func value(_ range: ClosedRange<Double>?) -> Forecast.Value {
        Forecast.Value(
          power: Watts(range.map { ($0.lowerBound + $0.upperBound) / 2 } ?? 500),
          lower: range.map { Watts($0.lowerBound) }, upper: range.map { Watts($0.upperBound) })
      }
      let start = ManualTime().now().wall
      return (0..<count).map {
        Forecast(start: start + ForecastReport.step * $0, load: value(load), pv: value(pv))
      }
    }

    func offer() -> Flexibility {
      var now = ManualTime().now()
      now.isClockTrusted = isClockTrusted
      var snapshot = SiteSnapshot(now: now)
      for (device, points) in values {
        snapshot.observations[device] = PointMap(
          points.mapValues { Observation(value: $0, quality: .good, measured: now) })
      }
      return Flexibility(snapshot, parameters, forecasts: forecasts, recent: recent, running: running)
    }

    mutating func noGridCharging() { parameters.hybrids[0].battery?.gridCharging = .never }
  }

  func about(_ offer: Offer?, _ power: Double, _ energy: Double) -> Bool {
    guard let offer else { return false }
    return abs(offer.power - power) < 0.5 && abs(offer.energy - energy) < 0.5
  }

  /// Stored above 20 % + 2 %: 3800 Wh, 3420 Wh at the busbar. The house takes 250 Wh in each quarter hour before.
  @Test func aBatteryDischargesWhatTheHouseMayLeaveOfIt() {
    let up = Night().offer().up
    #expect(up.count == 8)
    #expect(about(up.first, 4500, 3170), "\(up)")
    #expect(about(up[1], 4500, 2920), "\(up)")
    // 1420 Wh: all of it would be gone in less than half an hour, and what follows carries on with less power.
    #expect(about(up[7], 4500, 1125), "\(up)")
  }

  /// Room below 95 % − 2 %: 3300 Wh. The fuse leaves 0.85 · 35 A · 690 V − 1 kW, more than the battery takes.
  @Test func aBatteryThatMayChargesFromTheGrid() {
    let down = Night().offer().down
    #expect(about(down.first, 5000, 3300), "\(down)")
    #expect(about(down[7], 5000, 1250), "\(down)")
  }

  @Test func aBatteryThatMayNotTakesSurplusOnly() {
    var night = Night()
    night.noGridCharging()
    #expect(night.offer().down.allSatisfy { $0 == .nothing })
    night.forecasts = Night.forecasts(4, load: 500...1000, pv: 3000...4000)
    night.recent = .init(load: 800...900, pv: 3200...3300)
    let down = night.offer().down
    // 2 kW are certain. 3.5 kW may flow into the battery in each quarter hour before.
    #expect(about(down[0], 2000, 1500), "\(down)")
    #expect(about(down[1], 2000, 1000), "\(down)")
    #expect(about(down[2], 2000, 500), "\(down)")
  }

  /// Each quarter hour stands alone: what is called in one is not there in the next, so the sum is more than there is.
  @Test func quarterHoursAreAlternatives() {
    let up = Night().offer().up
    #expect(up.reduce(0) { $0 + $1.energy } > 3420)
    #expect(up.allSatisfy { $0.energy <= 3420 && $0.energy >= $0.power / 4 - 1e-6 })
  }

  @Test func theWorstOfTheIntervalCounts() {
    var night = Night()
    night.forecasts = Night.forecasts(5, load: 200...3000)
    night.recent = .init(load: 300...2000, pv: 0...0)
    let up = night.offer().up
    // 3 kW of house for each quarter hour before: 750 Wh less each.
    #expect(about(up[0], 4500, 2670), "\(up)")
    #expect(about(up[1], 4500, 1920), "\(up)")
    #expect(about(up[2], 4500, 1170), "\(up)")
    #expect(about(up[3], 1680, 420), "\(up)")
  }

  @Test func theReserveAndTheWindowAreKept() {
    for soc in [0.0, 20, 22] {
      var night = Night()
      night.values[Scene.hybrid]?[.soc] = soc
      #expect(night.offer().up.allSatisfy { $0 == .nothing }, "\(soc) %")
    }
    for soc in [93.0, 95, 100] {
      var night = Night()
      night.values[Scene.hybrid]?[.soc] = soc
      #expect(night.offer().down.allSatisfy { $0 == .nothing }, "\(soc) %")
    }
  }

  @Test func theManagementUnitAndTheInverterBoundThePower() {
    var night = Night()
    night.values[Scene.hybrid]?[.dischargePowerMax] = 2000
    night.values[Scene.hybrid]?[.chargePowerMax] = 1000
    #expect(night.offer().up.first?.power == 1800)
    #expect(night.offer().down.first?.power == 1000)
    // Strings and battery pass through the same 10 kW.
    night = Night()
    night.forecasts = Night.forecasts(3, load: 9000...9000, pv: 6000...7000)
    night.recent = .init(load: 9000...9000, pv: 6500...6500)
    #expect(night.offer().up.first?.power == 3000)
  }

  @Test func theConnectionBoundsBothDirections() {
    var night = Night()
    night.parameters.feedIn = .init(limit: Watts(2000), storedIn: Scene.hybrid)
    #expect(about(night.offer().up.first, 2900, 3170), "\(night.offer().up)")
    night = Night()
    night.parameters.fuse = .init(phases: 3, rating: Amperes(10))
    // 8.5 A on each phase are 5865 W.
    #expect(night.offer().down.first.map { abs($0.power - 4865) < 0.5 } == true)
    // L1 carries 3.5 A more than the mean.
    night.values[Scene.meter] = [.power: 1000, .currentL1: 5.5, .currentL2: 0.5, .currentL3: 0]
    #expect(night.offer().down.first.map { abs($0.power - (5 * 690 - 1000)) < 0.5 } == true)
    // Without a fuse nobody knows the connection: no import beyond what is fed in anyway, no export.
    night.parameters.fuse = nil
    #expect(night.offer().down.allSatisfy { $0 == .nothing })
    #expect(night.offer().up.first?.power == 1000)
  }

  /// 9.8 kWp behind 10 kW beside a load of 500 W, and a battery that takes 5 kW.
  private func day(pv: Double, cap: Double? = nil) -> Night {
    var day = Night()
    day.forecasts = Night.forecasts(9, load: 500...500, pv: pv...pv)
    day.recent = .init(load: 500...500, pv: pv...pv)
    day.parameters.feedIn = cap.map { .init(limit: Watts($0), storedIn: Scene.hybrid) }
    return day
  }

  /// What a charging battery saves from being curtailed moves nothing at the meter. Strings that may be held down
  /// may have their peak behind it.
  @Test func chargingTakesFirstWhatTheCapWouldCurtail() {
    #expect(about(day(pv: 8000).offer().down.first, 5000, 2050), "no cap")
    #expect(day(pv: 8000, cap: 0).offer().down.allSatisfy { $0 == .nothing })
    var down = day(pv: 6000, cap: 5880).offer().down
    #expect(about(down.first, 5000, 2050), "500 W and the cap less 100 W take it all: \(down)")
    // 9800 − 6280 W are lost to the meter.
    down = day(pv: 8000, cap: 5880).offer().down
    #expect(about(down[0], 1480, 370), "\(down)")
    #expect(down[1] == .nothing, "3.2 kW fill the battery, less than would be curtailed")
    var night = Night()
    night.forecasts = Night.forecasts(3, load: 50...50)
    night.recent = .init(load: 50...50, pv: 0...0)
    night.parameters.feedIn = .init(limit: .zero, storedIn: Scene.hybrid)
    #expect(about(night.offer().down.first, 5000, 2500), "at night nothing is curtailed: \(night.offer().down)")
    var day = day(pv: 8000, cap: 5880)
    day.noGridCharging()
    #expect(about(day.offer().down.first, 1480, 370), "\(day.offer().down)")
  }

  /// The night's quarter hour moves all that the battery takes, the sunny ones that follow only a part of it.
  @Test func whatIsSavedFromBeingCurtailedFillsTheBattery() {
    var day = day(pv: 8000, cap: 5880)
    for index in 0..<2 { day.forecasts[index] = Night.forecasts(2, load: 500...500)[index] }
    day.recent.pv = 0...0
    // 3300 Wh of room: 1250, 1250 and 800 are drawn, of which the meter sees 1250, 370 and 64 % of 370.
    #expect(about(day.offer().down.first, 5000, 1856.8), "\(day.offer().down)")
  }

  @Test func chargingTakesFirstWhatTheInvertersCannotPass() {
    var day = day(pv: 6000)
    day.parameters.hybrids[0].acLimit = Watts(5000)
    #expect(about(day.offer().down.first, 200, 50), "\(day.offer().down)")
    day = self.day(pv: 4900)
    day.parameters.hybrids[0].acLimit = Watts(5000)
    #expect(about(day.offer().down.first, 5000, 2200), "\(day.offer().down)")
    // A second inverter without strings passes none of it; one with a fifth of the strings helps by its share.
    day = self.day(pv: 6000)
    day.parameters.hybrids[0].acLimit = Watts(5000)
    var second = day.parameters.hybrids[0]
    second.device = "second"
    second.battery = nil
    second.pvPeak = .zero
    day.parameters.hybrids.append(second)
    #expect(about(day.offer().down.first, 200, 50), "\(day.offer().down)")
    day.parameters.hybrids[1].pvPeak = Watts(2450)
    // They pass 6250 W together.
    #expect(about(day.offer().down.first, 5000, 2050), "\(day.offer().down)")
  }

  @Test func loadsThatAreOnCountForAQuarterHour() {
    var night = Night()
    night.values[Scene.hybrid]?[.soc] = 10
    night.forecasts = Night.forecasts(3, load: 2500...4000)
    night.recent = .init(load: 3000...3500, pv: 0...0)
    #expect(night.offer().up.allSatisfy { $0 == .nothing }, "it is off")
    night.values[Scene.boiler] = [.relayOn: 1]
    // Rated 3 kW, but the house takes no more than 1 kW above its base load for certain.
    let up = night.offer().up
    #expect(about(up.first, 1000, 250), "\(up)")
    night.parameters.loads[0].isCritical = true
    #expect(night.offer().up.allSatisfy { $0 == .nothing })
    night.parameters.loads[0].isCritical = false
    // Switched on just now it has to stay on for so long.
    night.parameters.loads[0].minimumOn = .seconds(1000)
    #expect(night.offer().up.map(\.power) == [0, 1000])
  }

  /// Each of these, unknown, ends all of the offer or that of the battery.
  @Test func whatIsUnknownOffersNothing() {
    for point in [Point.soc, .batteryPower] {
      var night = Night()
      night.values[Scene.hybrid]?[point] = nil
      #expect((night.offer().up + night.offer().down).allSatisfy { $0 == .nothing }, "\(point)")
    }
    let changes: [(inout Night) -> Void] = [
      { $0.values[Scene.meter]?[.power] = nil }, { $0.recent.load = nil }, { $0.recent.pv = nil },
      { $0.values[Scene.hybrid]?[.alarms] = 2 }, { $0.values[Scene.hybrid]?[.batteryTemperature] = 1 },
      { $0.values[Scene.hybrid]?[.chargePowerMax] = .nan }, { $0.isClockTrusted = false },
      { $0.parameters.mode = .monitor }, { $0.parameters.hybrids[0].batteryReversion = nil },
      { $0.forecasts = [] },
    ]
    for (index, change) in changes.enumerated() {
      var night = Night()
      change(&night)
      let offer = night.offer()
      #expect((offer.up + offer.down).allSatisfy { $0 == .nothing }, "change \(index)")
    }
  }

  /// Without an interval the last quarter hour serves for the next one, and nothing is said of later ones.
  @Test func withoutIntervalsOnlyTheNextQuarterHourIsOffered() {
    var night = Night()
    night.forecasts = Night.forecasts(9, load: nil, pv: nil)
    night.recent = .init(load: 500...1000, pv: 0...200)
    let offer = night.offer()
    #expect(offer.up.count == 1 && offer.down.count == 1)
    #expect(about(offer.up.first, 4500, 1125), "\(offer.up)")
    // Strings that nobody forecasts and nobody measures.
    night.recent.pv = nil
    #expect(night.offer().up.isEmpty)
    // A site without strings needs no forecast of them.
    night = Night()
    night.forecasts = Night.forecasts(3, load: 1000...1000, pv: nil)
    night.parameters.hybrids[0].pvPeak = .zero
    #expect(night.offer().up.count == 2)
  }
}
