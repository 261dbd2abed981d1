import EnergyModel
import Synchronization
import TestKit

@testable import MQTTLink

/// A link under test whose events are read and kept.
final class LinkWatch: Sendable {
  let link: MQTTLink
  private let log: Log
  private let reading: Task<Void, Never>

  private final class Log: Sendable {
    let events = Mutex<[LinkEvent]>([])
  }

  init(_ settings: LinkSettings, seed: UInt64 = 42, connector: @escaping Connector = Dial.real) {
    let link = MQTTLink(settings: settings, time: SystemTime(), seed: seed, connector: connector)
    let log = Log()
    self.link = link
    self.log = log
    link.start()
    reading = Task {
      for await event in link.events() { log.events.withLock { $0.append(event) } }
    }
  }

  static func settings(port: Int, _ change: (inout LinkSettings) -> Void = { _ in }) -> LinkSettings {
    var settings = LinkSettings(clientID: "test-\(UInt32.random(in: 0...UInt32.max))", host: "127.0.0.1", port: port)
    settings.keepAlive = .seconds(5)
    change(&settings)
    return settings
  }

  var events: [LinkEvent] { log.events.withLock { $0 } }

  var messages: [IncomingMessage] {
    events.compactMap { if case .message(let message) = $0 { message } else { nil } }
  }

  var acknowledged: [UInt64] {
    events.flatMap { event -> [UInt64] in
      if case .acknowledged(let ids) = event { ids } else { [] }
    }
  }

  var reasons: [String] {
    events.compactMap { if case .disconnected(let reason) = $0 { reason } else { nil } }
  }

  var connections: Int { events.filter { $0 == .connected }.count }

  /// Waits until the link has connected so many times in all.
  func connected(_ times: Int = 1, within seconds: Double = 15) async throws {
    try await eventually(within: seconds, "connection \(times), so far \(events.suffix(3))") { connections >= times }
  }

  /// Hands over a message, waiting for a place in the window.
  func publish(_ id: UInt64, _ topic: String, _ payload: String = "", retained: Bool = false) async throws {
    let message = OutgoingMessage(id: id, topic: topic, payload: Array(payload.utf8), isRetained: retained)
    try await eventually("place for message \(id)") { link.publish(message) }
  }

  /// Stops the link and reads what is left.
  func finish() async {
    link.stop()
    await reading.value
    link.join()
  }
}
