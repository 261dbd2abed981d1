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

  /// Two meters and a box on one bus that wants 150 ms between two of them.
  private func shared(isSerial: Bool, pause: Duration) async throws -> [Set<Quality>] {
    let folder = try TemporaryFolder.make("pauses")
    defer { try? FileManager.default.removeItem(at: folder) }
    let names = ["eastron-sdm630", "eastron-sdm630", "heidelberg-energy-control"]
    let line = try await ServingProgram(
      Holdfast.simulator(),
      [
        "device", "--profiles", Holdfast.profiles, "--tcp", "0", "--rtu", folder.appendingPathComponent("line").path,
        "--baud", "115200", "--unit-pause", "150", "--site",
      ] + names.enumerated().map { "\($1)@\($0 + 1)=d\($0)" }, folder: folder)
    let devices = try names.enumerated().map { number, name in
      var profile = try PolledBus.profile(name)
      profile.reading.timeout = .milliseconds(300)
      return PolledBus.Device(name: "d\(number)", profile: profile, unit: number + 1)
    }
    let endpoint =
      try isSerial
      ? BusEndpoint.serial(path: line.line(), line: SerialLine()) : .tcp(host: "127.0.0.1", port: line.port)
    let samples = try await PolledBus.samples(3, of: devices, at: endpoint, pause: pause)
    #expect(line.child.terminate() == 0)
    return samples.values.joined().map { Set($0.readings.map(\.quality)) }
  }

  @Test(arguments: [false, true]) func theAgentKeepsThePauseOfTheLine(isSerial: Bool) async throws {
    let found = try await shared(isSerial: isSerial, pause: .milliseconds(150))
    #expect(found.count == 9)
    for one in found { #expect(one.contains(.good) && !one.contains(.timeout), "\(one)") }
  }

  @Test(arguments: [false, true]) func aPauseBetweenTwoUnitsThatIsMissingIsNoticed(isSerial: Bool) async throws {
    let found = try await shared(isSerial: isSerial, pause: .zero)
    #expect(found.contains { $0.contains(.timeout) }, "\(found)")
  }

  @Test func aRestAfterConnectingThatIsMissingIsNoticed() async throws {
    let found = try await qualities(isSerial: false) { $0.connection.connectDelay = .zero }
    #expect(!found.contains { $0.contains(.good) }, "\(found)")
  }
}
