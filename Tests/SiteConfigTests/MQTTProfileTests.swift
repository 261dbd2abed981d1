import DeviceProfile
import EnergyDispatch
import EnergyModel
import Foundation
import Testing

@testable import SiteConfig

/// Devices and relays on MQTT: profiles as they are shipped, and sites that use them.
@Suite struct MQTTProfileTests {
  static let folder = TestFiles.repository.appendingPathComponent("config/devices")
  static let shipped = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path + "/mqtt")) ?? [])
    .filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()

  private func base(_ changes: (String, String)...) throws -> SiteConfiguration {
    var text = TestFiles.text("base.yaml")
    for (old, new) in changes {
      try #require(text.contains(old), "the base has changed")
      text = text.replacingOccurrences(of: old, with: new)
    }
    return try ConfigurationLoader.load(text: text, name: "base.yaml", profileFolders: [Self.folder.path]).get()
  }

  @Test func profilesAreShipped() {
    #expect(Self.shipped.contains("shelly-gen2-switch"))
    #expect(Self.shipped.count >= 6)
  }

  @Test(arguments: shipped) func shippedProfile(_ name: String) throws {
    let library = ProfileLibrary(folders: [Self.folder.path])
    guard case .found(let profile) = library.mqttProfile(name) else {
      Issue.record("\(name): \(library.problems)")
      return
    }
    #expect(profile.name == name)
    #expect(profile.source.contains("https://"))
    let sensor = profile.sensor("x", topic: "own/topic")
    #expect(!sensor.isFamily)
    #expect(sensor.messages.allSatisfy { $0.topic.filter.contains("own/topic") })
  }

  @Test func aRelayWithAProfileIsOneDeviceThatIsSwitched() throws {
    let site = try base(
      (
        "switch: board/4/coil/0, rated: 3 kW",
        "switch: {bus: home, profile: tasmota-switch, topic: tasmota_pool}, rated: 3 kW"
      ))
    let switching = try #require(site.mqttBuses[0].switches["boiler"])
    #expect(switching.topic.filter == "cmnd/tasmota_pool/POWER")
    #expect(switching.ask == .init(topic: TopicPattern(literal: "cmnd/tasmota_pool/POWER"), payload: ""))
    let sensor = try #require(site.mqttBuses[0].sensors.first { $0.device == "boiler" })
    #expect(
      sensor.messages.map(\.topic.filter) == [
        "stat/tasmota_pool/POWER", "tele/tasmota_pool/STATE", "tele/tasmota_pool/SENSOR",
      ])
    #expect(site.control.loads.first { $0.device == "boiler" }?.maximumAge == .seconds(60))
    #expect(site.control.loads.first { $0.device == "fridge" }?.maximumAge == .seconds(10))
    #expect(!site.modbusBuses.flatMap(\.devices).contains { $0.id == "boiler" })
  }

  @Test func aRelayWithoutAProfileSpeaksAsShellyDoes() throws {
    let site = try base(("switch: board/4/coil/0", "switch: home/shellies/pool/relay/0"))
    #expect(site.mqttBuses[0].switches["boiler"]?.topic.filter == "shellies/pool/relay/0/command")
    let sensor = try #require(site.mqttBuses[0].sensors.first { $0.device == "boiler" })
    #expect(sensor.messages[0].topic.filter == "shellies/pool/relay/0")
    #expect(sensor.messages[0].values[0].words == ["on": 1, "off": 0, "overpower": 0])
  }

  @Test func aMeterOnMQTTIsFreshForAsLongAsItsProfileSays() throws {
    let site = try base(
      (
        "cellar: {bus: home, topic: home/cellar/climate, values: {temperature_c: temperature}}",
        "cellar: {bus: home, profile: shelly-gen2-meter, topic: shellypro3em-a, measures: boiler, below: grid-meter}"
      ))
    #expect(site.control.subMeters.map(\.device) == ["cellar"])
    #expect(site.control.subMeters.map(\.maximumAge) == [.seconds(15)])
  }

  @Test func aPlainMeterIsFreshForFiveSecondsUnlessToldOtherwise() throws {
    let old = "cellar: {bus: home, topic: home/cellar/climate, values: {temperature_c: temperature}}"
    let meter = "cellar: {bus: home, topic: m, values: {power_w: p}, measures: boiler, below: grid-meter"
    #expect(try base((old, meter + "}")).control.subMeters.map(\.maximumAge) == [.seconds(5)])
    #expect(try base((old, meter + ", max_age: 20 s}")).control.subMeters.map(\.maximumAge) == [.seconds(20)])
  }

  @Test func aFamilyAndItsAvailability() throws {
    let site = try base(
      (
        "topic: home/cellar/climate, values: {temperature_c: temperature}",
        """
        topic: "zigbee2mqtt/{room}", values: {temperature_c: temperature}, at_most: 12, max_age: 2 h,
            time: {path: last_seen, format: iso},
            availability: {topic: "zigbee2mqtt/{room}/availability", path: [state], offline: offline}
        """
      ))
    let family = site.mqttBuses[0].sensors[0]
    #expect(family.isFamily)
    #expect(family.mostMembers == 12)
    #expect(family.maximumAge == .seconds(7200))
    #expect(family.messages[0].time == .init(path: ["last_seen"], format: .iso8601))
    #expect(family.availability?.offline == "offline")
  }
}
