import ServiceLifecycle
import Uplink

/// Runs one uplink; says offline before a clean stop.
struct UplinkService: Service {
  let uplink: Uplink

  func run() async throws {
    await cancelWhenGracefulShutdown { await uplink.run() }
    await uplink.goOffline()
  }
}
