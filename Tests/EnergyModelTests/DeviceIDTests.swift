import EnergyModel
import Testing

struct DeviceIDTests {
  @Test func equalNamesAreTheSameDevice() {
    let car = DeviceID("c" + "ar")
    #expect(car == "car" && car != "Car")
    #expect(car.name == "car" && "\(car)" == "car")
    #expect(car.order == DeviceID("car").order && car.hashValue == DeviceID("car").hashValue)
    #expect(DeviceID("b") < DeviceID("c") && !(DeviceID("c") < DeviceID("b")))
  }

  @Test func onlyGivenNamesAreKnown() {
    #expect(DeviceID(known: "never-given") == nil)
    let given = DeviceID("given-once")
    #expect(DeviceID(known: "given-once") == given)
  }

  @Test func manyAtOnceGetTheSame() async {
    let ids = await withTaskGroup(of: [DeviceID].self) { group in
      for _ in 0..<4 { group.addTask { (0..<1000).map { DeviceID("at-once-\($0 % 100)") } } }
      return await group.reduce(into: Set<DeviceID>()) { $0.formUnion($1) }
    }
    #expect(ids.count == 100)
    #expect(Set(ids.map(\.name)).count == 100)
  }
}
