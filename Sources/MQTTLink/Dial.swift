import EnergyModel
import Synchronization
import Threads

/// Makes a client and begins to connect it. It may block for as long as a name look-up takes.
typealias Connector = @Sendable (LinkSettings, LinkMachine.Route, any TimeSource) throws(LinkFailure) -> MosquittoHandle

/// One beginning of a connection, on a thread of its own: the library looks the broker's name up inside its
/// connect (traps, libmosquitto 8), a resolver that never answers holds that thread alone, and the link goes
/// on keeping its deadlines and can be stopped. A link has at most one of them at a time.
final class Dial: Sendable {
  /// Unchecked because a client is not Sendable: it is made on one thread and handed to another, once, and
  /// never used by both.
  private struct Outcome: @unchecked Sendable {
    var result: Result<MosquittoHandle, LinkFailure>
  }

  private let outcome = Mutex<Outcome?>(nil)

  /// - Parameter bell: rung when there is an outcome to ``take()``.
  init(
    _ settings: LinkSettings, route: LinkMachine.Route, time: any TimeSource, connector: @escaping Connector,
    bell: Wakeup
  ) {
    // Nobody joins it: it may outlive the link, and then lets go what it made.
    OwnThread.detached(name: "mqtt-dial") { [self] in
      let made = Outcome(result: Result { () throws(LinkFailure) in try connector(settings, route, time) })
      outcome.withLock { $0 = made }
      bell.ring()
    }
  }

  /// What came of it, once; nil until then.
  func take() -> Result<MosquittoHandle, LinkFailure>? {
    let taken = outcome.withLock { outcome in
      defer { outcome = nil }
      return outcome
    }
    return taken?.result
  }

  /// The library's own connect.
  static let real: Connector = real(acceptor: nil)

  static func real(acceptor: (any MessageAcceptor)?) -> Connector {
    { settings, route, time throws(LinkFailure) in
      let fresh = try MosquittoHandle(settings, time: time, acceptor: acceptor)
      try fresh.connect(to: settings, route: route)
      return fresh
    }
  }
}
