import EnergyModel
import MQTTLink
import ModbusDevices
import ServiceLifecycle
import Synchronization
import Threads

/// Runs a bus for as long as the agent: started with it, asked to end with it.
struct BusService: Service {
  let bus: ModbusBus

  func run() async throws {
    bus.start()
    try? await gracefulShutdown()
    bus.stop()
    await offPool { bus.join() }
  }
}

/// Runs a link for as long as the agent.
struct LinkService: Service {
  let link: MQTTLink

  func run() async throws {
    link.start()
    try? await gracefulShutdown()
    link.stop()
    await offPool { link.join() }
  }
}

/// Waits for something that blocks on a thread of its own, because nothing may block the cooperative pool;
/// not longer than `patience`, because a name look-up that hangs must not keep the journal from closing.
func offPool(patience: Duration = .seconds(4), _ wait: @escaping @Sendable () -> Void) async {
  await withCheckedContinuation { continuation in
    let once = Once(continuation)
    _ = OwnThread(name: "hf-join") {
      wait()
      once.resume()
    }
    Task {
      try? await Task.sleep(for: patience)
      once.resume()
    }
  }
}

/// A continuation that whoever comes first resumes.
private final class Once: Sendable {
  private let continuation: Mutex<CheckedContinuation<Void, Never>?>

  init(_ continuation: CheckedContinuation<Void, Never>) { self.continuation = Mutex(continuation) }

  func resume() {
    let waiting = continuation.withLock { waiting in
      defer { waiting = nil }
      return waiting
    }
    waiting?.resume()
  }
}
