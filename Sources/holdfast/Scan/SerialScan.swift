import Commissioning
import DeviceProfile
import Foundation
import ModbusDevices
import Synchronization
import Threads

/// The scan of a serial line on a thread of its own, and how far it is.
final class SerialScan: Sendable {
  private struct State {
    var bus: ScannedBus?
    var failure: ProbeFailure?
    var line: SerialLine?
    var isDone = false
  }

  private let state = Mutex(State())

  init(path: String, profiles: [DeviceProfile], plan: ScanPlan, timeout: Duration, stop: ScanStop) {
    OwnThread.detached(name: "scan-line") {
      let scan = BusScan(profiles: profiles, plan: plan, stop: stop, timeout: timeout) { bus in
        self.state.withLock { $0.bus = bus }
      }
      do throws(ProbeFailure) {
        let bus = try scan.serial(path: path) { line in self.state.withLock { $0.line = line } }
        self.state.withLock { state in
          state.bus = bus ?? state.bus
          state.isDone = true
        }
      } catch {
        self.state.withLock { state in
          state.failure = error
          state.isDone = true
        }
      }
      stop.bell.ring()
    }
  }

  var isDone: Bool { state.withLock { $0.isDone } }
  var bus: ScannedBus? { state.withLock { $0.bus } }
  var failure: ProbeFailure? { state.withLock { $0.failure } }

  var progress: String {
    let (line, bus) = state.withLock { ($0.line, $0.bus) }
    if let bus { return "\(bus.units.count) devices" }
    return line.map { "asking with \($0)" } ?? "opening the port"
  }
}

/// A serial port under a name that a configuration can keep.
struct SerialPortName {
  var path: String

  init(_ path: String, folder: String = "/dev/serial/by-id") {
    let files = FileManager.default
    func real(_ path: String) -> String { URL(fileURLWithPath: path).resolvingSymlinksInPath().path }
    let names = ((try? files.contentsOfDirectory(atPath: folder)) ?? []).sorted().map { "\(folder)/\($0)" }
    if let stable = names.first(where: { $0 == path }) ?? names.first(where: { real($0) == real(path) }) {
      self.path = stable
    } else {
      // A link elsewhere stands for what it points at: a configuration wants a file below /dev.
      self.path = path.hasPrefix("/dev/") ? path : real(path)
    }
  }
}

enum HostName {
  /// Whether the name service, or the name itself, tells an address. It blocks.
  static func exists(_ host: String) -> Bool {
    var list: UnsafeMutablePointer<addrinfo>?
    defer { if let list { freeaddrinfo(list) } }
    return getaddrinfo(host, nil, nil, &list) == 0
  }
}
