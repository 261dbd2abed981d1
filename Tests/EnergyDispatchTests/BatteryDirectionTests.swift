import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// A battery that cannot be told to charge, or to discharge: a command that it refuses would leave it without the limits
/// that protect it.
struct BatteryDirectionTests {
  private func last(_ power: Double, _ change: (inout SiteParameters.Hybrid) -> Void) -> [Double]? {
    var scene = Scene(Scene.parameters { change(&$0.hybrids[0]) })
    scene.run(2)
    scene.orders.override = .init(
      value: power < 0 ? .charge(-power) : .discharge(power), starts: scene.time.now().monotonic, ends: nil, id: "1",
      issuer: "the owner")
    scene.run(5)
    return scene.commands.last { $0.command.setpoints.first?.kind == .chargeLimit }?.command.setpoints.map(\.value)
  }

  @Test func whatItCanBeToldItIsTold() {
    #expect(last(2000) { _ in } == [-2000, 2000])
    #expect(last(-2000) { _ in } == [2000, -2000])
    #expect(last(-2000) { $0.takesDischarge = false } == [2000, -2000])
    #expect(last(2000) { $0.takesCharge = false } == [-2000, 2000])
  }

  @Test func whatItCannotBeToldItIsPermitted() {
    #expect(last(2000) { $0.takesDischarge = false } == [0, 2000])
    #expect(last(-2000) { $0.takesCharge = false } == [2000, 0])
  }
}
