import EnergyModel
import Testing

@testable import ModbusDevices

@Suite struct DeviceHealthTests {
  @Test("each outage and each return is told once")
  func outage() {
    var health = DeviceHealth()
    #expect(health.answered() == nil)
    #expect(health.silent("no answer")?.name == "device-lost")
    #expect(health.silent("no answer") == nil)
    #expect(health.answered()?.name == "device-back")
    #expect(health.answered() == nil)
    #expect(health.silent("no answer")?.severity == .warning)
  }

  @Test("a device that never answered is lost from the start")
  func never() {
    var health = DeviceHealth()
    #expect(health.silent("refused")?.text.contains("has not answered yet") == true)
    #expect(health.answered()?.name == "device-back")
  }

  @Test("a refusal is told once until a poll goes through without")
  func exceptions() {
    var health = DeviceHealth()
    #expect(health.refused("holding 0")?.name == "device-exception")
    #expect(health.refused("holding 0") == nil)
    health.refusedNothing()
    #expect(health.refused("holding 0") != nil)
  }
}
