import EnergyModel
import Testing

@testable import EnergyDispatch

struct HeadroomTests {
  private static let second: DeviceID = "second"

  /// Two 10 kW hybrids with 5 kW batteries of 10 kWh, window 10...95 %, reserve 20 %.
  private static let two = Scene.parameters {
    var other = $0.hybrids[0]
    other.device = second
    $0.hybrids.append(other)
  }

  private func headroom(
    _ first: [Point: Double] = [:], _ second: [Point: Double] = [:], _ parameters: SiteParameters = HeadroomTests.two,
    without: Set<Point> = [], silent: Set<DeviceID> = []
  ) -> Headroom {
    var scene = Scene(parameters)
    let usual: [Point: Double] = [
      .power: 0, .pvPower: 0, .batteryPower: 0, .soc: 50, .batteryTemperature: 20, .chargePowerMax: 5000,
      .dischargePowerMax: 5000, .alarms: 0,
    ]
    scene.values[Scene.hybrid] = usual.merging(first) { $1 }.filter { !without.contains($0.key) }
    scene.values[Self.second] = usual.merging(second) { $1 }
    scene.silent = silent
    return Headroom(parameters, SiteView(scene.present(), parameters))
  }

  @Test func eachGivesWhatItHasStoredAndNoMoreThanItCan() {
    // 30 % and 60 % above the reserve
    let room = headroom([:], [.soc: 80])
    #expect(room.share(3000) == [1000, 2000])
    #expect(room.share(9000) == [4000, 5000])
    #expect(room.share(20_000) == [5000, 5000])
    // 45 % and 15 % below the ceiling
    #expect(room.share(-4000) == [-3000, -1000])
  }

  @Test func aFullAndAnEmptyOneLeaveItToTheOther() {
    #expect(headroom([.soc: 95]).share(-3000) == [0, -3000])
    #expect(headroom([.soc: 20]).share(3000) == [0, 3000])
  }

  @Test func theBMSBounds() {
    let room = headroom([.chargePowerMax: 800, .dischargePowerMax: 700])
    #expect(room.share(-3000) == [-800, -2200])
    #expect(room.share(3000) == [700, 2300])
  }

  @Test func silentAlarmingAndColdOnesAreLeftOut() {
    #expect(headroom(silent: [Scene.hybrid]).share(3000) == [0, 3000])
    #expect(headroom([.alarms: 4]).share(3000) == [0, 3000])
    #expect(headroom([.batteryTemperature: -1]).share(-3000) == [0, -3000])
    #expect(headroom([.soc: .nan]).share(3000) == [0, 3000])
  }

  @Test func stringsTakeUpTheRatingForDischargingAndBypassItForCharging() {
    var parameters = Self.two
    for index in 0...1 {
      parameters.hybrids[index].acLimit = Watts(4000)
      parameters.hybrids[index].battery?.maximumCharge = Watts(9000)
    }
    let usual: [Point: Double] = [.pvPower: 3000, .chargePowerMax: 9000]
    let room = headroom(usual, usual, parameters)
    #expect(room.batteries.map(\.give) == [1000, 1000])
    #expect(room.batteries.map(\.take) == [7000, 7000])
    // not measured: ac − battery
    let told = headroom(
      [.power: 2500, .batteryPower: -500, .chargePowerMax: 9000], [:], parameters, without: [.pvPower])
    #expect(told.batteries[0].give == 1000)
    // nothing is known of the strings
    let blind = headroom([.chargePowerMax: 9000], [:], parameters, without: [.pvPower, .power])
    #expect(blind.batteries[0].give == 0)
    #expect(blind.batteries[0].take == 4000)
  }

  @Test func oneThatCannotBeToldTakesItsPartButIsToldNone() {
    var parameters = Self.two
    parameters.hybrids[0].batteryReversion = nil
    let room = headroom([:], [:], parameters)
    #expect(room.take == 10_000)
    #expect(room.share(-3000) == [0, -3000])
  }

  @Test func fillingNeverGivesMoreThanThereIs() {
    #expect(Headroom.fill(100, most: [10, 1000, 0], by: [1, 1, 1]) == [10, 90, 0])
    #expect(Headroom.fill(100, most: [10, 20], by: [0, 5]) == [0, 20])
    #expect(Headroom.fill(0, most: [10, 20], by: [1, 5]) == [0, 0])
  }
}
