import EnergyModel
import MQTTLink
import ModbusDevices
import ServiceLifecycle
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

/// Waits for something that blocks on a thread of its own: nothing may block the cooperative pool.
func offPool(_ wait: @escaping @Sendable () -> Void) async {
  await withCheckedContinuation { continuation in
    _ = OwnThread(name: "hf-join") {
      wait()
      continuation.resume()
    }
  }
}
