import Journal
import ServiceLifecycle

/// Runs the journal's commits; closes it last, after everybody else has said what they had to say.
struct JournalService: Service {
  let journal: Journal

  func run() async throws {
    await withGracefulShutdownHandler {
      await journal.run()
    } onGracefulShutdown: {
      Task { await journal.close() }
    }
  }
}
