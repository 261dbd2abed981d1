import DeviceProfile
import EnergyModel
import Foundation
import TestKit
import Testing

/// Devices that want pauses do not hear what comes sooner, and neither does the simulator, which plays them by the profiles
/// that ship. So an agent that forgot a pause, as here with a profile that lost it, would be found.
@Suite(.serialized) struct PauseTests {
  /// A second after connecting, 50 ms between two requests.
  private static let name = "huawei-sun2000"

  private func qualities(isSerial: Bool, _ change: (inout DeviceProfile) -> Void) async throws -> [Set<Quality>] {
    let folder = try TemporaryFolder.make("pauses")
    defer { try? FileManager.default.removeItem(at: folder) }
    let device = try await ServingProgram(
      Holdfast.simulator(),
      [
        "device", "--profiles", Holdfast.profiles, "--tcp", "0", "--rtu", folder.appendingPathComponent("line").path,
        "\(Self.name)@1", "--baud", "115200", "--site", "--fixed-load", "3000", "--fixed-pv", "5000",
      ], folder: folder)
    var profile = try PolledBus.profile(Self.name)
    // Silence is to be noticed soon.
    profile.reading.timeout = .milliseconds(300)
    change(&profile)
    let endpoint =
      try isSerial
      ? BusEndpoint.serial(path: device.line(), line: SerialLine())
      : .tcp(host: "127.0.0.1", port: device.port)
    let samples = try await PolledBus.samples(
      3, of: [.init(name: "inverter", profile: profile, unit: 1)], at: endpoint)
    #expect(device.child.terminate() == 0)
    return try #require(samples["inverter"]).map { Set($0.readings.map(\.quality)) }
  }

  @Test(arguments: [false, true])
  func theAgentKeepsThePausesOfADevice(isSerial: Bool) async throws {
    for found in try await qualities(isSerial: isSerial, { _ in }) {
      #expect(found.contains(.good) && !found.contains(.timeout), "\(found)")
    }
  }

  @Test(arguments: [false, true])
  func aPauseBetweenRequestsThatIsMissingIsNoticed(isSerial: Bool) async throws {
    let found = try await qualities(isSerial: isSerial) { $0.reading.pause = .zero }
    #expect(found.contains { $0.contains(.timeout) }, "\(found)")
  }

  @Test func aRestAfterConnectingThatIsMissingIsNoticed() async throws {
    let found = try await qualities(isSerial: false) { $0.connection.connectDelay = .zero }
    #expect(!found.contains { $0.contains(.good) }, "\(found)")
  }
}
