import ServiceLifecycle
import Uplink

/// Runs one uplink; says offline before a clean stop, while the link still carries it.
struct UplinkService: Service {
  let uplink: Uplink

  func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await uplink.run() }
      try? await gracefulShutdown()
      await uplink.goOffline()
      group.cancelAll()
    }
  }
}
