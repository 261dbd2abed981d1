import EnergyModel
import Foundation
import TestKit
import Testing

@testable import DrivenStage

/// The noise made here against that of `trace.py`. The bytes that both take are compared by `holdfast-bench outage`.
@Suite struct NoisySiteTests {
  private static let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/limits/trace.py").path
  private static let isThere = FileManager.default.fileExists(atPath: script)
  private static let seconds = 900

  /// The values of each point of each device, `device-00 power_w`.
  private typealias Series = [String: [Double]]

  private func theirs(devices: Int) throws -> Series {
    let folder = try TemporaryFolder.make("trace")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("trace.csv")
    let arguments = [Self.script, "--devices", "\(devices)", "--seconds", "\(Self.seconds)"]
    #expect(try ChildProcess("python3", arguments, output: file).wait() == 0)
    var series = Series()
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",")
      let value = try #require(Double(fields[3]))
      series["\(fields[1]) \(fields[2] == "status" ? "operating_state" : fields[2])", default: []].append(value)
    }
    return series
  }

  private func ours(devices: Int) -> Series {
    var noise = NoisySite(devices: devices, seed: 1)
    var series = Series()
    for _ in 0..<Self.seconds {
      let moment = Moment(wall: Timestamp(milliseconds: 0), monotonic: MonotonicInstant(nanoseconds: 0))
      for sample in noise.samples(at: moment) {
        for reading in sample.readings {
          series["\(sample.device) \(reading.point.rawValue)", default: []].append(reading.value ?? .nan)
        }
      }
    }
    return series
  }

  /// How far a value is from the one before it, on average: what it costs to store.
  private func roughness(_ series: Series, _ point: String) -> Double {
    let steps = series.filter { $0.key.hasSuffix(" \(point)") }.values
      .flatMap { values in zip(values, values.dropFirst()).map { abs($0 - $1) } }
    return steps.reduce(0, +) / Double(steps.count)
  }

  @Test(.enabled(if: isThere, "there is no ../shared/limits/trace.py to compare with"))
  func itIsTheNoiseOfTheTrace() throws {
    let (theirs, ours) = (try theirs(devices: 6), ours(devices: 6))
    #expect(ours.keys.sorted() == theirs.keys.sorted())
    for series in [ours, theirs] { #expect(series.values.allSatisfy { $0.count == Self.seconds }) }
    for point in ["voltage_l1_v", "voltage_l2_v", "frequency_hz", "temperature_c"] {
      let ratio = roughness(ours, point) / roughness(theirs, point)
      #expect((0.9...1.1).contains(ratio), "\(point): \(ratio)")
    }
    // Steps of the load and of the clouds are few and large.
    for point in ["power_w", "power_l1_w", "current_l1_a", "reactive_power_var", "soc_percent"] {
      let ratio = roughness(ours, point) / roughness(theirs, point)
      #expect((0.6...1.6).contains(ratio), "\(point): \(ratio)")
    }
    // Every third device is a meter and has no production; the others produce at nine in the morning.
    for (device, sign) in [("device-00", 1.0), ("device-01", -1.0), ("device-03", 1.0), ("device-05", -1.0)] {
      for series in [ours, theirs] {
        let power = try #require(series["\(device) power_w"])
        #expect(power.reduce(0, +) * sign > 0, "\(device)")
      }
    }
  }

  @Test func itRepeatsFromItsSeed() {
    #expect(ours(devices: 2) == ours(devices: 2))
  }
}
