import EnergyModel
import Gateway
import Journal
import ServiceLifecycle

/// Brings back what was ordered before the restart, where the journal could not be opened at the start. It asks each second,
/// because nobody can say when a disk is well again; until then the desk saves nothing over what it does not know.
struct OrdersService: Service {
  let desk: CommandDesk
  let journal: Journal

  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        if journal.boot > 0 {
          // A journal that cannot be read yet tells so itself; the next second may be better.
          do { return desk.restore(try await journal.load(CommandDesk.storeKey)) } catch {}
        }
        try? await Task.sleep(for: .seconds(1))
      }
    }
    try? await gracefulShutdown()
  }
}
