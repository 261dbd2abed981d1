import DeviceProfile
import EnergyModel
import Foundation
import ModbusDevices
import Synchronization
import TestKit

/// Whether bad devices harm the good ones: 50 devices on TCP of which 20 misbehave, and a serial line of 8 units with one
/// that is dead.
struct BusLoadBench {
  let seconds: Int

  func run() async throws {
    try await tcp()
    try await serial()
  }

  private func tcp() async throws {
    let times = SampleTimes()
    var peers: [ModbusPeer] = []
    var buses: [ModbusBus] = []
    for index in 0..<50 {
      let behaviour: ModbusPeer.Behaviour =
        switch index {
        case 0..<10: .swallow
        case 10..<15: .drip(milliseconds: 200)
        case 15..<20: .late(milliseconds: 1500)
        default: .answer
        }
      let peer = try ModbusPeer(value: { _, address in address < 40 ? 1 : nil }, decide: { _ in behaviour })
      peers.append(peer)
      let device = BusDevice(
        id: DeviceID("device-\(index)"), profile: Self.profile(name: "load"), unit: 1, serial: nil,
        period: .seconds(1), mayWrite: false)
      buses.append(
        ModbusBus(
          name: "load-\(index)", .tcp(host: "127.0.0.1", port: peer.port), devices: [device], time: SystemTime(),
          samples: times, reports: times, events: times))
    }
    for bus in buses { bus.start() }
    try await Task.sleep(for: .seconds(seconds))
    for bus in buses { bus.stop() }
    for bus in buses { bus.join() }
    for peer in peers { peer.stop() }
    let errors = (20..<50).flatMap { times.gaps(of: DeviceID("device-\($0)")) }.map { abs($0 - 1000) }.sorted()
    guard !errors.isEmpty else { throw BenchFailure(text: "no device was read twice") }
    let p99 = errors[errors.count * 99 / 100]
    print(
      String(
        format: "50 devices on TCP, 10 swallow, 5 drip, 5 are late: the other 30 read each second ±%.1f ms (p99 of %d "
          + "polls, largest %.1f; %@)", p99, errors.count, errors.last ?? .nan, Bounds.aim(p99, atMost: 100)))
  }

  private func serial() async throws {
    let times = SampleTimes()
    let peer = try ModbusPeer(
      serial: true, value: { _, address in address < 40 ? 1 : nil },
      decide: { $0.unit == 5 ? .swallow : .answer })
    let devices = (1...8).map {
      BusDevice(
        id: DeviceID("unit-\($0)"), profile: Self.profile(name: "line"), unit: $0, serial: nil, period: .seconds(1),
        mayWrite: false)
    }
    let bus = ModbusBus(
      name: "line", .serial(path: peer.path, line: SerialLine(baud: 19200)), devices: devices, time: SystemTime(),
      samples: times, reports: times, events: times)
    bus.start()
    try await Task.sleep(for: .seconds(seconds))
    bus.stop()
    bus.join()
    peer.stop()
    let gaps = (1...8).filter { $0 != 5 }.flatMap { times.gaps(of: DeviceID("unit-\($0)")) }
    let late = gaps.count { $0 > 2000 }
    let share = Double(late) / Double(gaps.count)
    print(
      String(
        format: "8 units on a serial line, one dead: %d of %d polls of the others late by more than their period (%@)",
        late, gaps.count, Bounds.aim(share, atMost: 0.1)))
  }

  /// 20 values of two registers each, in one block.
  static func profile(name: String) -> DeviceProfile {
    DeviceProfile(
      name: name, title: "Device of the bench", source: "this file", confidence: .single,
      points: Point.allCases.prefix(20).enumerated().map { index, point in
        PointDefinition(
          point,
          [.init(RegisterField(address: .absolute(.holding, index * 2), type: .uint32, scale: .literal(1e-9)))])
      })
  }
}

/// When each device was read well.
private final class SampleTimes: SampleSink, WriteReportSink, EventSink {
  private let times = Mutex<[DeviceID: [MonotonicInstant]]>([:])

  func accept(_ sample: Sample) {
    guard sample.readings.allSatisfy({ $0.quality == .good }) else { return }
    times.withLock { $0[sample.device, default: []].append(sample.measured.monotonic) }
  }

  func accept(_ report: WriteReport) {}
  func post(_ event: Event) {}

  /// From one good sample to the next, ms.
  func gaps(of device: DeviceID) -> [Double] {
    let times = times.withLock { $0[device] ?? [] }
    return zip(times, times.dropFirst()).map { Double(($1 - $0).nanoseconds) / 1e6 }
  }
}
