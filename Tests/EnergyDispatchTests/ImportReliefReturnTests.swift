import EnergyModel
import Testing

@testable import EnergyDispatch

/// What happens once a limit is over.
extension ImportReliefTests {
  private static let small: DeviceID = "car-1"
  private static let large: DeviceID = "car-2"

  /// A car on one phase and one of higher priority on three wait for the end of a limit · what comes back is soon enough for the
  /// small one, which begins · when it is enough for the large one, that begins beside it: nobody makes room any more. As in
  /// seed 4224.
  @Test func whoHasBegunIsNotPausedForTheNext() {
    var house = House(
      House.site { site in
        site.loads = []
        site.chargers = [
          .init(device: Self.small, phases: [1], minimumOff: .zero),
          .init(device: Self.large, priority: 5, minimumOff: .zero),
        ]
      })
    house.soc = 10
    house.cars = [Self.small: 16, Self.large: 16]
    house.goal = House.goal(1500)
    house.run(120)
    #expect(house.carPower.last == 0)
    house.goal = nil
    let least = 6.0 * 230
    func left(_ car: DeviceID) -> Double {
      house.limits.first { $0.quantity == .charging(car) }?.interval.upper ?? .infinity
    }
    while house.second < 240, left(Self.small) < least { house.run(1) }
    #expect(left(Self.large) == 0)
    while house.second < 240, house.memory.isActive {
      house.run(1)
      #expect(left(Self.small) >= least, "second \(house.second)")
    }
    #expect(!house.memory.isActive)
  }

  /// The boiler was shed last and may not come back for half an hour: it keeps its place, and the pool waits behind it.
  @Test func aMinimumOffTimeKeepsTheQueueInOrder() throws {
    var house = House(
      House.site { site in
        for index in site.loads.indices where site.loads[index].device == Scene.boiler {
          site.loads[index].minimumOff = .seconds(1800)
        }
      })
    house.soc = 10
    house.cars[House.car] = 16
    house.goal = House.goal(2000)
    house.run(200)
    let shed = try #require(house.switchings(Scene.boiler).first)
    #expect(house.isOff(Scene.pool) && house.isOff(Scene.boiler))
    house.goal = nil
    house.run(1800)
    let boiler = try #require(house.switchings(Scene.boiler).last)
    let pool = try #require(house.switchings(Scene.pool).last)
    #expect(boiler - shed >= 1800 && boiler - shed < 1810)
    #expect(pool - boiler >= 60)
  }
}
