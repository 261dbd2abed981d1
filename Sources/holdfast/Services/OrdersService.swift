import EnergyModel
import Gateway
import Journal
import ServiceLifecycle

/// Brings back what was ordered before the restart, where the journal could not be opened at the start.
struct OrdersService: Service {
  let desk: CommandDesk
  let journal: Journal

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        if journal.boot > 0 {
          do { return desk.restore(try await journal.load(CommandDesk.storeKey)) } catch {}

        }
        try? await Task.sleep(for: .seconds(1))
      }
    }
    try? await gracefulShutdown()
  }
}
