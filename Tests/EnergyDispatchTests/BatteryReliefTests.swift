import EnergyModel
import Testing

@testable import EnergyDispatch

struct BatteryReliefTests {
  /// Window 0 to 50 °C, full power 5 to 45 °C, 5 kW: nobody counts on what device protection tapers or may still forbid.
  @Test(arguments: [(25.0, 5000.0), (45, 5000), (47, 3000), (48.5, 0), (51, 0), (3, 5000), (1.5, 0), (-1, 0)])
  func whatItsTemperatureLeaves(celsius: Double, most: Double) throws {
    var scene = Scene()
    scene.values[Scene.hybrid]?.merge(
      [.soc: 80, .pvPower: 0, .power: 0, .batteryPower: 0, .batteryTemperature: celsius]
    ) { $1 }
    let site = Scene.parameters()
    let view = SiteView(scene.present(), site)
    let relief = try #require(BatteryRelief(site.hybrids[0], view, floor: 20, duration: .zero))
    #expect(abs(relief.gives - most) < 1 && relief.lasts == relief.gives)
  }
}
