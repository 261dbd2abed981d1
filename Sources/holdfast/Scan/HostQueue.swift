import Commissioning
import ModbusDevices
import Synchronization
import Threads

/// Hosts that wait for one of several threads, and what was found at them.
final class HostQueue: Sendable {
  private struct State {
    var next = 0
    var done = 0
    var buses: [String: (order: Int, bus: ScannedBus)] = [:]
    var failures: [ProbeFailure] = []
  }

  private let hosts: [String]
  private let state = Mutex(State())
  private let stop: ScanStop

  init(_ hosts: [String], stop: ScanStop) {
    self.hosts = hosts
    self.stop = stop
  }

  var count: Int { hosts.count }
  var done: Int { state.withLock { $0.done } }
  var isDone: Bool { done == hosts.count }
  /// Why nobody could be asked.
  var failures: [ProbeFailure] { state.withLock { $0.failures } }
  var buses: [ScannedBus] { state.withLock { $0.buses.values.sorted { $0.order < $1.order }.map(\.bus) } }

  /// Threads that take one host after the other until none is left.
  func start(threads: Int, _ scan: @escaping @Sendable (_ host: String, _ order: Int) -> Void) {
    for number in 0..<min(threads, hosts.count) {
      OwnThread.detached(name: "scan-\(number)") {
        while let order = self.take() {
          if !self.stop.isOver { scan(self.hosts[order], order) }
          self.state.withLock { $0.done += 1 }
          self.stop.bell.ring()
        }
      }
    }
  }

  private func take() -> Int? {
    state.withLock { state in
      guard state.next < hosts.count else { return nil }
      defer { state.next += 1 }
      return state.next
    }
  }

  func publish(_ bus: ScannedBus, order: Int) { state.withLock { $0.buses[bus.address] = (order, bus) } }
  func failed(_ failure: ProbeFailure) { state.withLock { if $0.failures.count < 8 { $0.failures.append(failure) } } }
}
