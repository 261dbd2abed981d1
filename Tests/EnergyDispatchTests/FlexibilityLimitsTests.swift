import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// What is in force leaves less to be moved. 60 % of 10 kWh, a house of 1 kW; nothing limited it is 4500 W up and 5000 W down.
extension FlexibilityTests {
  /// 3 kW may be imported for 40 minutes from the begin of the running quarter hour: the next two quarter hours take 2 kW.
  @Test func anImportLimitBoundsWhatIsTaken() {
    var night = Night()
    night.limit(.importPower, 3000, minutes: 40)
    #expect(night.offer().down.prefix(3).map(\.power) == [2000, 2000, 5000])
    night.running.channels.applied[0].origin = .failsafe
    #expect(night.offer().down.prefix(6).allSatisfy { $0.power == 2000 }, "nobody knows how long")
    #expect(night.offer().up.first?.power == 4500, "the house is below it")
  }

  /// 400 W may be imported: 600 W of what the battery gives hold the limit and move nothing.
  @Test func whatHoldsALimitIsNotMovedAsWell() {
    var night = Night()
    night.limit(.importPower, 400)
    let offer = night.offer()
    // 3170 Wh are left after the running quarter hour; of 4500 W drawn 3900 count.
    #expect(about(offer.up.first, 3900, 3170 * 3900 / 4500), "\(offer.up)")
    #expect(offer.down.allSatisfy { $0 == .nothing })
  }

  /// 2000 W, less the 100 W that inverters stay below it, and the house; by percent of 9.8 kWp likewise.
  @Test(arguments: [(LimitedQuantity.exportPower, 2000.0, 2900.0), (.exportPercent, 10, 1880)])
  func anExportLimitBoundsWhatIsGiven(quantity: LimitedQuantity, value: Double, power: Double) {
    var night = Night()
    night.limit(quantity, value, minutes: 40)
    #expect(night.offer().up.prefix(2).allSatisfy { abs($0.power - power) < 0.5 }, "\(night.offer().up)")
    #expect(night.offer().up[2].power == 4500)
  }

  /// Of several limits the strictest counts, whatever its class.
  @Test func theStrictestCounts() {
    var night = Night()
    night.limit(.importPower, 4000)
    night.limit(.importPower, 2500)
    night.running.channels.applied[1].class = .contract
    #expect(night.offer().down.first?.power == 1500)
  }

  /// §14a: batteries that are named charge from surplus only.
  @Test func alimitOnControllableDevicesLeavesSurplus() {
    var night = Night()
    night.limit(.controllablePower, 4200, minutes: 40)
    #expect(night.offer().down.first?.power == 5000, "it is none of them")
    night.parameters.controllable = .init(devices: [Scene.hybrid])
    #expect(night.offer().down.prefix(3).map(\.power) == [0, 0, 5000])
    for index in night.forecasts.indices {
      night.forecasts[index] = Night.forecasts(9, load: 1000...1000, pv: 3000...3000)[index]
    }
    night.recent.pv = 3000...3000
    #expect(night.offer().down.first?.power == 2000)
  }

  /// 50 % are kept for an outage from 10:50 to 11:10. From nothing that takes 2:10 h at half the power and half an hour more, so it
  /// may be raised already; at 60 % there are 8 % to give · over: all is free again
  @Test func aRaisedReserveIsNotGiven() {
    var night = Night()
    night.running.orders.reserve = [Night.order(50, from: 50, to: 70)]
    let up = night.offer().up
    // (60 − 52) % of 10 kWh at 90 %, less 250 Wh of the house.
    #expect(about(up.first, 1880, 470), "\(up)")
    #expect(up[3].power == 0 && up[4].power == 4500, "\(up)")
    #expect(night.offer().down.first?.power == 5000)
  }

  /// 80 % are asked for: the battery is charged for it, so that it takes nothing more, and nothing else has its 5 kW either.
  @Test func aBatteryThatIsChargedForAnOutageIsNotOnOffer() {
    var night = Night()
    let begin = ManualTime().now().wall + .seconds(3600)
    night.parameters.outages = [.init(start: begin, end: begin + .seconds(600), reserve: Percent(80))]
    let offer = night.offer()
    #expect(offer.up.prefix(4).allSatisfy { $0 == .nothing })
    #expect(offer.down.prefix(4).allSatisfy { $0 == .nothing })
    #expect(offer.up[4].power > 0 && offer.down[4].power > 0)
  }

  /// Discharging with 3 kW until 10:25: nothing on offer until 10:30, and 3 · 750 Wh less then (the running quarter hour, the next).
  @Test func whileTheBatteriesAreAskedForTheyAreNotOnOffer() {
    var night = Night()
    night.running.orders.batteryPower = [Night.order(3000, to: 25)]
    let offer = night.offer()
    #expect(offer.up[0] == .nothing && offer.down[0] == .nothing)
    #expect(about(offer.up[1], 4500, 3420 - 1500), "\(offer.up)")
    night.running.orders.batteryPower = []
    night.running.orders.override = Night.order(.charge(2000), to: 25)
    let charged = night.offer()
    #expect(charged.down[0] == .nothing && about(charged.down[1], 5000, 3300 - 1000), "\(charged.down)")
    night.running.orders.override = Night.order(.hold, to: nil)
    #expect((night.offer().up + night.offer().down).allSatisfy { $0 == .nothing }, "until it is taken back")
  }

  /// Accepted, from 10:20 to 10:40.
  @Test func aLimitThatComesBoundsWhatIsTaken() {
    var night = Night()
    let limit = StandingOrders.Coming.Limit(channel: "dso", quantity: .importPower, value: 3000)
    night.running.orders.coming.limits = [Night.order(limit, from: 20, to: 40)]
    #expect(night.offer().down.prefix(3).map(\.power) == [2000, 2000, 5000])
    night.running.orders.coming.limits[0].value.quantity = .exportPower
    #expect(night.offer().up.prefix(3).map(\.power) == [3900, 3900, 4500])
  }

  /// 2 kW until they are released, or until the same channel's next limit begins at 10:30; that of another one does not end them.
  @Test func whatComesTakesThePlaceOfWhatIsInForce() {
    var night = Night()
    night.limit(.importPower, 2000)
    let limit = StandingOrders.Coming.Limit(channel: "dso", quantity: .importPower, value: 4000)
    night.running.orders.coming.limits = [Night.order(limit, from: 30, to: 60)]
    #expect(night.offer().down.prefix(4).map(\.power) == [1000, 3000, 3000, 5000])
    night.running.orders.coming.limits[0].value.channel = "trader"
    #expect(night.offer().down.prefix(4).allSatisfy { $0.power == 1000 })
    night.running.orders.coming.limits[0].value.channel = "dso"
    night.running.channels.applied[0].origin = .failsafe
    #expect(night.offer().down.prefix(4).allSatisfy { $0.power == 1000 }, "nobody said it")
  }

  /// Discharging with 3 kW from 10:30 to 10:40: 750 Wh.
  @Test func aPowerThatComesIsNotOnOffer() {
    var night = Night()
    night.running.orders.coming.batteryPower = [Night.order(3000, from: 30, to: 40)]
    let offer = night.offer()
    #expect(offer.up[0].power == 4500 && offer.up[1] == .nothing && offer.down[1] == .nothing)
    #expect(about(offer.up[2], 4500, 3420 - 500 - 750), "\(offer.up)")
  }

  /// The owner's plan gives 3 kW from 12:30 to 13:00 of a clock that is two hours ahead: a contract may have the batteries then, but
  /// later they hold less. Charging likewise.
  @Test func whatThePlanMovesIsGoneLater() {
    var night = Night()
    night.running.zone = TimeZoneTable(name: "ahead", initialOffset: .seconds(7200))
    night.parameters.plan = [.init(time: DayWindow(start: 750, end: 780), battery: .discharge(3000))]
    let up = night.offer().up
    #expect(about(up[1], 4500, 2920) && about(up[2], 4500, 2920 - 750), "\(up)")
    #expect(about(up[3], 4500, 2920 - 1500), "\(up)")
    night.parameters.plan[0].battery = .charge(3000)
    let down = night.offer().down
    #expect(about(down[1], 5000, 3300) && about(down[3], 5000, 3300 - 1500), "\(down)")
  }

  @Test func aLoadThatIsOffByOrderIsNotShedAgain() {
    var night = Night()
    night.values[Scene.hybrid]?[.soc] = 10
    night.values[Scene.boiler] = [.relayOn: 1]
    night.forecasts = Night.forecasts(4, load: 5000...5000)
    night.recent = .init(load: 5000...5000, pv: 0...0)
    #expect(night.offer().up.map(\.power) == [3000, 3000, 3000])
    night.running.orders.shed = [Night.order([Scene.boiler], to: 20)]
    #expect(night.offer().up.map(\.power) == [0, 3000, 3000])
    night.running.orders.shed = []
    night.running.orders.coming.shed = [Night.order([Scene.boiler], from: 32, to: 40)]
    #expect(night.offer().up.map(\.power) == [3000, 0, 3000])
  }

  /// What control has in force comes out of its step.
  @Test func aStepTellsWhatIsInForce() {
    var scene = Scene(
      Scene.parameters {
        $0.channels = [.init(name: "dso", kind: .uplink("vpp"), class: .legal, failsafe: [.importPower: 4200])]
      })
    scene.orders.reserve = [Night.order(60, to: 10)]
    scene.run(1)
    #expect(scene.outcome?.running.channels.applied.map(\.value) == [4200])
    #expect(scene.outcome?.running.orders.reserve.map(\.value) == [60])
  }
}
