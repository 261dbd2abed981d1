import LocalAPI
import Logging
import ServiceLifecycle

/// Serves the page. A port that is taken, or a fault of the server, is said and tried again: it never
/// ends the agent.
struct PageService: Service {
  let api: LocalAPI
  let logger: Logger

  func run() async throws {
    while !Task.isCancelled && !Task.isShuttingDownGracefully {
      do {
        try await api.run()
        return
      } catch is CancellationError {
        return
      } catch {
        logger.error("the page is not served, trying again in 10 s: \(error)")
        await cancelWhenGracefulShutdown { try? await Task.sleep(for: .seconds(10)) }
      }
    }
  }
}
