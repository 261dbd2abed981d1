import EnergyModel
import Testing

@testable import EnergyDispatch

struct ControllableRuleTests {
  private func limited(
    _ parameters: SiteParameters = LimitedHouse.parameters(), _ change: (inout LimitedHouse) -> Void = { _ in }
  ) -> LimitedHouse {
    var house = LimitedHouse(parameters)
    change(&house)
    house.isContactActive = true
    return house
  }

  private func current(_ house: LimitedHouse, _ device: DeviceID) -> Double? {
    house.scene.setpoint(device, .chargingCurrent)
  }

  @Test func withoutALimitTheCarTakesWhatItWants() {
    var house = LimitedHouse()
    house.run(30)
    #expect(house.carPower == 11_000)
    #expect(house.pumpState == 2)
  }

  /// 7.56 kW, of which the heat pump takes 2: (7560 − 2000) / 690 = 8.05 A
  @Test func theCarGetsWhatTheHeatPumpLeaves() {
    var house = limited { $0.heating = 2000 }
    house.run(3)
    #expect(house.carCurrent == 8)
    #expect(house.pumpState == 2)
    #expect(house.scene.sentence.contains("the car charges with at most 5.6 kW because dso allows the controllable"))
  }

  @Test func belowSixAmperesTheCarIsPaused() {
    var house = limited()
    house.run(3)
    #expect(house.carCurrent == 0)
    #expect(house.pumpState == 2)
    #expect(house.scene.sentence.contains("the car is paused"))
  }

  @Test func aHeatPumpThatIsNotMeasuredCountsWithItsRating() {
    var house = limited { ($0.heating, $0.isPumpMeasured) = (500, false) }
    house.run(3)
    #expect(house.carCurrent == 0, "7560 − 4500 is less than 6 A")
  }

  /// 4.2 kW: less than the pump's 4.5
  @Test func aHeatPumpWhoseRatingDoesNotFitIsBlockedAndTheCarHasItsPart() {
    var house = limited(LimitedHouse.parameters(limit: 4200)) { $0.isPumpMeasured = false }
    house.run(1)
    #expect(house.carCurrent == 0, "until it reads back as blocked it counts")
    house.run(70)
    #expect(house.pumpState == 1)
    #expect(house.carCurrent == 6)
    #expect(house.scene.sentence.contains("the heat-pump is blocked because dso allows"))
  }

  /// 5 kW for pumps of 6 and 4 kW: the larger is blocked; while it runs on (its contacts do not follow) the other has to
  /// make room.
  @Test func aHeatPumpThatRunsOnTakesTheRoomOfTheNext() {
    let small: DeviceID = "small-pump"
    var house = limited(
      LimitedHouse.parameters(limit: 5000) {
        $0.heatPumps = [
          LimitedHouse.pump(LimitedHouse.heatPump, 6000, 2),
          LimitedHouse.pump(small, 4000, 1),
        ]
        $0.controllable?.devices.append(small)
      }
    ) { $0.isPumpMeasured = false }
    house.scene.answer = .failed("no answer")
    house.run(3)
    #expect(house.scene.setpoint(LimitedHouse.heatPump, .heatPumpState) == 1)
    #expect(house.scene.setpoint(small, .heatPumpState) == 1)
    house.scene.answer = .confirmed
    house.run(90)
    #expect(house.scene.setpoint(LimitedHouse.heatPump, .heatPumpState) == 1)
    #expect(house.scene.setpoint(small, .heatPumpState) == 2)
  }

  /// 12 kW of own production, 3 + 1 of it for boiler and house: 8 on top of the 4.2 of the limit
  @Test func ownProductionComesOnTop() {
    var house = limited(LimitedHouse.parameters(limit: 4200)) {
      ($0.pv, $0.battery, $0.heating) = (9000, 1000, 0)
      $0.scene.parameters.loads = []
    }
    house.run(70)
    #expect(house.carPower == 0 || house.carPower >= 4140)
    #expect(house.mostDrawn <= 4200)
    #expect(house.carPower > 9000)
    #expect(house.pumpState == 2, "with what comes on top its rating fits")
  }

  /// 10 s a cloud of 5 s: restricted at once, not again given before a minute is over
  @Test func aCloudRestrictsAtOnceAndTheSunWaits() {
    var house = limited { ($0.pv, $0.heating) = (9000, 0) }
    house.run(10)
    let before = house.carCurrent ?? 0
    house.pv = 4000
    house.run(2)
    let clouded = house.carCurrent ?? 99
    #expect(before == 16)
    #expect(clouded == 10.9, "7560 W and nothing on top")
    house.pv = 9000
    house.run(59)
    #expect(house.carCurrent == clouded)
    house.run(5)
    #expect(house.carCurrent == before)
  }

  /// Its strings and what nobody else takes of the sun; never the grid.
  @Test func batteriesAreNotChargedFromTheGrid() {
    var house = limited { ($0.pv, $0.wants) = (2500, [:]) }
    house.run(3)
    #expect(house.scene.chargeLimit == 2500)
    house.household = -3000
    house.heating = 0
    house.run(70)
    #expect(house.scene.chargeLimit == 5000)
  }

  @Test func whereTheMeterIsSilentNothingComesOnTop() {
    var house = limited(LimitedHouse.parameters { $0.fuse = nil }) { ($0.pv, $0.heating) = (9000, 0) }
    house.run(10)
    #expect(house.carCurrent == 16)
    house.scene.silent = [Scene.meter]
    house.run(7)
    #expect(house.carCurrent == 10.9)
    #expect(house.scene.outcome?.isSafeState == true)
  }

  /// Negated, and a tenth of the truth, as after a wrong scale factor: what such a meter lets come on top is no more than the
  /// strings give.
  @Test(arguments: [-1, 0.1]) func aMeterThatLiesLiftsNoLimit(factor: Double) {
    var house = limited(LimitedHouse.parameters { $0.fuse = nil }) { ($0.heating, $0.meterFactor) = (0, factor) }
    house.run(200)
    #expect(house.carCurrent == 10.9)
    house.pv = 3000
    house.run(200)
    #expect((10.9...15.3).contains(house.carCurrent ?? 99), "at most (7560 + 3000) / 690")
  }

  /// Unknown is the worst case: an inverter that does not tell its power may give nothing, and the meter that makes it seem so may
  /// lie.
  @Test func whatASilentInverterMayGiveDoesNotComeOnTop() {
    var house = limited(LimitedHouse.parameters { $0.fuse = nil }) { ($0.pv, $0.heating) = (9000, 0) }
    house.run(10)
    #expect(house.carCurrent == 16)
    house.scene.silent = [Scene.hybrid]
    house.run(30)
    #expect(house.carCurrent == 10.9)
    var lied = limited(LimitedHouse.parameters { $0.fuse = nil }) { ($0.heating, $0.meterFactor) = (0, -1) }
    lied.scene.silent = [Scene.hybrid]
    lied.run(200)
    #expect(lied.carCurrent == 10.9 && lied.mostDrawn <= 7560)
  }

  /// (7560 + 0.9 · 3000) / 690 = 14.8 A: its strings and its battery tell it, and no more than after all losses.
  @Test func stringsAndBatteryTellWhatAnInverterGives() {
    var house = limited(LimitedHouse.parameters { $0.fuse = nil }) {
      ($0.pv, $0.battery, $0.heating, $0.household) = (2000, 1000, 0, -9000)
      $0.tellsAC = false
    }
    house.run(200)
    #expect(house.carCurrent == 14.8)
  }

  /// Silent: it may take 11 kW until its own timer of a minute is over, then 6 A.
  @Test func aChargerThatDoesNotAnswerCountsWithWhatItCanTake() {
    var house = limited(LimitedHouse.parameters(limit: 9000)) { $0.heating = 100 }
    house.run(3)
    #expect(house.pumpState == 2)
    house.scene.silent = [LimitedHouse.car]
    house.run(8)
    #expect(house.pumpState == 1)
    house.run(75)
    #expect(house.pumpState == 1, "what frees itself is given a minute later")
    house.run(60)
    #expect(
      house.scene.outcome?.decision.bounds.contains { $0.quantity == "heat-pump" && $0.rule == "legal limit" } == false)
  }

  @Test func aCarOfHigherNumberIsServedFirst() {
    let chargers: [SiteParameters.Charger] = [
      LimitedHouse.charger(LimitedHouse.car), LimitedHouse.charger(LimitedHouse.second, priority: 2),
    ]
    var house = limited(LimitedHouse.parameters(limit: 7560, chargers: chargers)) {
      $0.heating = 0
      $0.wants = [LimitedHouse.car: 11_000, LimitedHouse.second: 11_000]
    }
    house.run(10)
    #expect(current(house, LimitedHouse.car) == 0)
    #expect(current(house, LimitedHouse.second) == 10.9)
  }

  /// 14 kW: 8.1 for each; one is full: the least it could begin with is kept for it
  @Test func carsShareAlikeAndAnIdleOneKeepsItsLeast() {
    let chargers: [SiteParameters.Charger] = [
      LimitedHouse.charger(LimitedHouse.car), LimitedHouse.charger(LimitedHouse.second),
    ]
    var house = limited(LimitedHouse.parameters(limit: 14_000, chargers: chargers) { $0.fuse = nil }) {
      $0.heating = 0
      $0.wants = [LimitedHouse.car: 11_000, LimitedHouse.second: 11_000]
    }
    house.run(10)
    #expect(current(house, LimitedHouse.car) == 10.1)
    #expect(current(house, LimitedHouse.second) == 10.1)
    house.wants[LimitedHouse.second] = 0
    house.run(10)
    #expect(current(house, LimitedHouse.car) == 14.2)
    #expect(current(house, LimitedHouse.second) == 6)
  }

  /// At 245 V a current takes 6.5 % more than at 230.
  @Test func aHigherVoltageIsLearned() {
    var house = limited { ($0.heating, $0.voltage, $0.household) = (0, 245, 0) }
    house.run(20)
    house.mostDrawn = 0
    house.run(300)
    #expect(house.mostDrawn <= 7560)
    #expect(house.carPower > 7000)
    #expect(house.scene.writes(LimitedHouse.car, .chargingCurrent).count < 14, "refreshed, not chased")
  }

  @Test func theStricterOfTwoChannelsCounts() {
    var house = limited(LimitedHouse.parameters { $0.channels.append(Self.trader) }) { $0.heating = 0 }
    house.scene.orders.channels["trader"] = Self.orders(5000)
    house.run(3)
    #expect(house.carCurrent == 7.2)
    house.scene.orders.channels["trader"] = Self.orders(9000)
    house.run(70)
    #expect(house.carCurrent == 10.9)
    house.isContactActive = false
    house.run(70)
    #expect(house.carCurrent == 13)
  }

  private static let trader = SiteParameters.Channel(
    name: "trader", kind: .uplink("vpp"), class: .contract, mayLimit: [.controllablePower: 0])

  private static func orders(_ value: Double) -> StandingOrders.ChannelOrders {
    var orders = StandingOrders.ChannelOrders()
    orders.limits[.controllablePower] = .init(value: value, ends: nil, id: "\(value)")
    return orders
  }
}
