import ArgumentParser
import Glibc
import SiteClient
import SiteConfig

/// Whether the site's agent runs: two controllers on one device would undo each other's work.
enum AgentPresence {
  case absent(StateLock?)
  /// In words, how that shows.
  case running(String)
  case unknown(String)

  /// Asks the lock of the state folder and the local API.
  static func find(_ configuration: SiteConfiguration, stateFolder: String) async -> AgentPresence {
    if let api = configuration.api,
      let site = try? await SiteClient(host: api.host, port: api.port).site(), site.site == configuration.site.id
    {
      return .running("it answers on \(api.host):\(api.port)")
    }
    switch StateLock.take(stateFolder) {
    case .taken(let lock): return .absent(lock)
    case .busy: return .running("it, or a tool that writes, holds \(stateFolder)")
    case .unknown(ENOENT): return .absent(nil)
    case .unknown(let code):
      return .unknown("\(stateFolder) cannot be looked at: \(String(cString: strerror(code)))")
    }
  }

  /// The right to write to devices until the lock goes, or why not on standard error and exit code 75 (EX_TEMPFAIL). Without
  /// the lock nothing is written.
  static func exclude(_ configuration: SiteConfiguration, stateFolder: String) async throws -> StateLock {
    // Without the folder there is nothing to hold, and an agent that starts meanwhile would not notice.
    mkdir(stateFolder, 0o750)
    switch await find(configuration, stateFolder: stateFolder) {
    case .absent(let lock?): return lock
    case .absent(nil):
      complain(
        "holdfast: \(stateFolder) cannot be made, so that an agent could start meanwhile (try sudo, or --state)")
    case .running(let sign):
      complain(
        """
        holdfast: the agent runs (\(sign)), and two controllers on one device undo each other's work.
        Ask it with holdfast override, or stop it: sudo systemctl stop holdfast
        """)
    case .unknown(let reason):
      complain("holdfast: nobody can tell whether the agent runs: \(reason) (try sudo)")
    }
    throw ExitCode(75)
  }
}
