import EnergyModel
import Glibc
import Synchronization
import TestKit

@testable import MQTTLink

/// A link, its own broker, and the bad line between them.
final class FaultyLine {
  enum Fault: CaseIterable {
    case blackHole, reset, drip, refuse, hang, garbage, brokerGone, lookUp
  }

  let proxy: FaultProxy
  let watch: LinkWatch
  let resolver = Resolver()
  private let broker: TestBroker
  private var lastMessage: UInt64 = 0

  /// - Parameter fault: already there when the link starts.
  init(seed: UInt64, startsWith fault: Fault? = nil, host: String = "127.0.0.1") throws {
    broker = try TestBroker()
    proxy = try FaultProxy(to: broker.port, mode: fault == .refuse ? .refuse : fault == .hang ? .hang : .pass)
    if fault == .lookUp { resolver.hang() }
    let settings = LinkWatch.settings(port: proxy.port) { $0.host = host }
    watch = LinkWatch(settings, seed: seed, connector: resolver.connector)
  }

  func begin(_ fault: Fault) {
    switch fault {
    case .blackHole: proxy.set(.blackHole)
    case .reset: proxy.set(.reset)
    case .drip:
      proxy.set(.drip(bytesPerSecond: 3))
      // Something to drip: what is open gets stuck behind it.
      publish(String(repeating: "x", count: 2000))
    case .brokerGone: broker.kill()
    case .refuse: cut(then: .refuse)
    case .hang: cut(then: .hang)
    case .garbage: cut(then: .garbage)
    case .lookUp:
      resolver.hang()
      cut(then: .pass)
    }
  }

  func heal(_ fault: Fault) throws {
    switch fault {
    case .brokerGone: try broker.start()
    case .lookUp: resolver.answer()
    default: proxy.set(.pass)
    }
  }

  /// Publishes until the broker acknowledges what was published after `moment`, and returns how long that took.
  func answers(since moment: MonotonicInstant, within limit: Duration) async throws -> Duration {
    let first = lastMessage + 1
    var tries = 0
    try await eventually(within: limit.seconds, "an acknowledgement; \(watch.reasons.suffix(3))") {
      if tries % 20 == 0 { publish("n") }
      tries += 1
      return watch.acknowledged.contains { $0 >= first }
    }
    return SystemTime().now().monotonic - moment
  }

  func finish() async {
    resolver.answer()
    await watch.finish()
    proxy.stop()
    broker.stop()
  }

  /// The times between attempts in seconds: as the proxy saw them, and, because a port that refuses tells nobody, as
  /// the link began them.
  var pauses: (seen: [Double], begun: [Double]) { (Self.pauses(proxy.attempts), Self.pauses(resolver.attempts)) }

  private static func pauses(_ attempts: [MonotonicInstant]) -> [Double] {
    zip(attempts, attempts.dropFirst()).map { ($1 - $0).seconds }
  }

  private func cut(then mode: FaultProxy.Mode) {
    proxy.set(.reset)
    proxy.set(mode)
  }

  private func publish(_ text: String) {
    let message = OutgoingMessage(id: lastMessage + 1, topic: "n", payload: Array(text.utf8))
    if watch.link.publish(message) { lastMessage += 1 }
  }
}

/// In front of the library's connect: a resolver that hangs when told to.
final class Resolver: Sendable {
  private struct State {
    var isHanging = false
    var waiting = 0
    var mostWaiting = 0
    var attempts: [MonotonicInstant] = []
  }

  private let state = Mutex(State())

  func hang() { state.withLock { $0.isHanging = true } }
  func answer() { state.withLock { $0.isHanging = false } }

  /// When the link began each attempt.
  var attempts: [MonotonicInstant] { state.withLock { $0.attempts } }

  /// How many look-ups hung at once at the most.
  var mostWaiting: Int { state.withLock { $0.mostWaiting } }

  var connector: Connector {
    { [self] settings, route, time throws(LinkFailure) in
      state.withLock { state in
        state.attempts.append(SystemTime().now().monotonic)
        state.waiting += 1
        state.mostWaiting = max(state.mostWaiting, state.waiting)
      }
      while state.withLock({ $0.isHanging }) { usleep(20_000) }
      state.withLock { $0.waiting -= 1 }
      return try Dial.real(settings, route, time)
    }
  }
}
