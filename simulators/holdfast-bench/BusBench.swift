import DeviceProfile
import EnergyModel
import Foundation
import ModbusDevices
import Synchronization
import TestKit

/// Reads a second of 100 registers: our bus, decoded into samples of 50 readings, against
/// `modbus_limit read`, both against the same plain C server, in turn.
struct BusBench {
  let limits: String
  let build: String
  let rounds: Int

  static let reads = 20_000

  func run() throws {
    try shell("make", ["-s", "-C", limits, "BUILD=\(URL(fileURLWithPath: build).path)"])
    let program = URL(fileURLWithPath: build).appendingPathComponent("modbus_limit").path
    let port = Loopback.freePort()
    let server = try ChildProcess(program, ["serve", "\(port)"])
    defer { server.kill() }
    while !Loopback.accepts(port) { usleep(10_000) }
    var plain: [Double] = []
    var ours: [Double] = []
    var ratios: [Double] = []
    for _ in 0..<rounds {
      let output = try shell(program, ["read", "127.0.0.1", "\(port)", "\(Self.reads)", "100"])
      guard let rate = output.split(separator: " ").compactMap({ Double($0) }).dropFirst().first else {
        throw BenchFailure(text: "modbus_limit said: \(output)")
      }
      plain.append(rate)
      ours.append(try measure(port: port))
      ratios.append(ours[ours.count - 1] / rate)
    }
    print(
      String(
        format: "bus: %.0f reads/s of 100 registers into 50 readings; plain C %.0f; ratio %.2f (median of %d; %@)",
        median(ours), median(plain), median(ratios), rounds, Bounds.aim(median(ratios), atLeast: 0.9)))
  }

  private func measure(port: Int) throws -> Double {
    let counter = Counter()
    let device = BusDevice(
      id: "bench", profile: Self.profile, unit: 1, serial: nil, period: .zero, mayWrite: false)
    let bus = ModbusBus(
      name: "bench", .tcp(host: "127.0.0.1", port: port), devices: [device], time: SystemTime(), samples: counter,
      reports: counter, events: counter)
    bus.start()
    while counter.samples < 100 { usleep(1000) }
    let first = counter.samples
    let start = DispatchTime.now().uptimeNanoseconds
    while counter.samples < first + Self.reads { usleep(1000) }
    let count = counter.samples - first
    let took = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    bus.stop()
    bus.join()
    guard counter.good > 0 else { throw BenchFailure(text: "nothing was read well") }
    return Double(count) / took
  }

  /// 50 values of two registers each, in one block.
  static let profile = DeviceProfile(
    name: "bench", title: "Plain C server", source: "modbus_limit.c", confidence: .vendor,
    reading: ReadingRules(maximumRegisters: 125, maximumGap: 0),
    points: Point.allCases.prefix(50).enumerated().map { index, point in
      PointDefinition(
        point,
        [.init(RegisterField(address: .absolute(.holding, index * 2), type: .uint32, scale: .literal(1e-9)))])
    })
}

private final class Counter: SampleSink, WriteReportSink, EventSink {
  private let counts = Mutex((samples: 0, good: 0))

  var samples: Int { counts.withLock { $0.samples } }
  var good: Int { counts.withLock { $0.good } }

  func accept(_ sample: Sample) {
    let isGood = sample.readings.first?.quality == .good
    counts.withLock {
      $0.samples += 1
      if isGood { $0.good += 1 }
    }
  }

  func accept(_ report: WriteReport) {}
  func post(_ event: Event) {}
}

struct BenchFailure: Error, CustomStringConvertible {
  let text: String
  var description: String { text }
}

/// Runs a program to its end and answers what it printed.
@discardableResult
func shell(_ program: String, _ arguments: [String]) throws -> String {
  let process = Process()
  process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  process.arguments = [program] + arguments
  let output = Pipe()
  process.standardOutput = output
  try process.run()
  let data = output.fileHandleForReading.readDataToEndOfFile()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else { throw BenchFailure(text: "\(program) failed") }
  return String(decoding: data, as: UTF8.self)
}
