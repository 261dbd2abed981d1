import DeviceProfile
import EnergyModel
import Foundation
import ModbusDevices
import SiteConfig
import Synchronization
import TestKit

/// What the agent's own bus reads of some devices.
enum PolledBus {
  struct Device {
    var name: String
    var profile: DeviceProfile
    var unit: Int
  }

  static func profile(_ name: String) throws -> DeviceProfile {
    try ConfigurationLoader.loadProfile(file: "\(Holdfast.profiles)/\(name).yaml").get()
  }

  /// The first samples of each device, `count` of them.
  static func samples(
    _ count: Int, of devices: [Device], at endpoint: BusEndpoint, pause: Duration = .zero
  ) async throws -> [String: [Sample]] {
    let heard = Heard()
    let bus = ModbusBus(
      name: "bus", endpoint, pause: pause,
      devices: devices.map {
        BusDevice(
          id: DeviceID($0.name), profile: $0.profile, unit: $0.unit, serial: nil, period: .milliseconds(50),
          mayWrite: false)
      }, time: SystemTime(), samples: heard, reports: heard, events: heard)
    bus.start()
    defer {
      bus.stop()
      bus.join()
    }
    try await eventually(within: 30, "\(count) samples of each") {
      let samples = heard.samples
      return devices.allSatisfy { samples[$0.name, default: []].count >= count }
    }
    return heard.samples.mapValues { Array($0.prefix(count)) }
  }
}

private final class Heard: SampleSink, WriteReportSink, EventSink {
  private let state = Mutex<[String: [Sample]]>([:])

  var samples: [String: [Sample]] { state.withLock { $0 } }
  func accept(_ sample: Sample) { state.withLock { $0[sample.device.name, default: []].append(sample) } }
  func accept(_ report: WriteReport) {}
  func post(_ event: Event) {}
}
