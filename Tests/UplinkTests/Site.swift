import EnergyModel
import Foundation
import Synchronization
import TestKit
import Testing

@testable import Uplink

/// A whole uplink between a fake journal and a fake link.
final class Site: Sendable {
  let link = FakeLink()
  let store: FakeStore
  let time = ManualTime(Given.start)
  let events = FakeEvents()
  let states: FakeStates
  let uplink: Uplink
  private let work: Task<Void, Never>

  init(
    _ segments: [Segment] = [], settings: UplinkSettings = Given.settings(), store: FakeStore? = nil,
    states: FakeStates = FakeStates(), forecasts: (any ForecastSource)? = nil
  ) {
    let store = store ?? FakeStore(segments)
    self.store = store
    self.states = states
    let uplink = Uplink(
      settings: settings, link: link, store: store, compressor: NoCompression(), events: events, states: states,
      forecasts: forecasts, zone: Given.berlin, time: time, seed: 1)
    self.uplink = uplink
    work = Task { await uplink.run() }
  }

  deinit { work.cancel() }

  /// What the wire says has been sent, in order: ranges of a topic.
  func ranges(_ topic: String, log: String? = nil) throws -> [ClosedRange<Int>] {
    try link.sent(topic).compactMap { message in
      let text = String(decoding: message.payload, as: UTF8.self)
      let header = topic == "backfill" ? String(text.prefix { $0 != "\n" }) : text
      let object = try #require(try JSONSerialization.jsonObject(with: Data(header.utf8)) as? [String: Any])
      guard log == nil || object["log"] as? String == log else { return nil }
      return try #require(object["first"] as? Int)...(try #require(object["last"] as? Int))
    }
  }

  func expect(_ topic: String, _ expected: [ClosedRange<Int>], _ what: String) async throws {
    try await eventually(within: 5, "\(what): \(topic) \(expected), is \(try ranges(topic))") {
      try ranges(topic) == expected
    }
  }

  func acknowledgeAll() { for message in link.sent() { link.acknowledge(message) } }

  /// Returns when everything that the link has said so far was heard.
  func listened() async throws {
    let before = uplink.counters().refusedMessages
    link.receive("ack", "no word of a receiver")
    try await eventually("listened") { uplink.counters().refusedMessages == before + 1 }
  }

  func stop() async {
    work.cancel()
    await work.value
  }
}

/// Keeps what it is told.
final class FakeEvents: EventSink {
  private let posted = Mutex<[Event]>([])
  var all: [Event] { posted.withLock { $0 } }
  var names: [String] { all.map(\.name) }
  func post(_ event: Event) { posted.withLock { $0.append(event) } }
}

/// A store of states in memory.
final class FakeStates: StateStore {
  private let kept = Mutex<[String: [UInt8]]>([:])
  private let counter = Mutex(0)
  /// How often something was saved.
  var saves: Int { counter.withLock { $0 } }
  func save(_ bytes: [UInt8], under key: String) {
    kept.withLock { $0[key] = bytes }
    counter.withLock { $0 += 1 }
  }
  func load(_ key: String) async throws -> [UInt8]? { kept.withLock { $0[key] } }
}
