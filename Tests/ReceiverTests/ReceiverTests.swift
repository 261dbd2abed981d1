import EnergyModel
import Foundation
import Synchronization
import TestKit
import Testing

@testable import Receiver

/// Timelines of a receiver between a link that a test drives and a real database.
@Suite(.serialized) struct ReceiverTests {
  private final class Link: MessageLink {
    let sent = Mutex<[OutgoingMessage]>([])
    let isOpen = Mutex(true)
    private let stream: AsyncStream<LinkEvent>
    private let teller: AsyncStream<LinkEvent>.Continuation

    init() { (stream, teller) = AsyncStream.makeStream() }

    func events() -> AsyncStream<LinkEvent> { stream }
    func publish(_ message: OutgoingMessage) -> Bool {
      guard isOpen.withLock({ $0 }) else { return false }
      sent.withLock { $0.append(message) }
      return true
    }
    func tell(_ event: LinkEvent) { teller.yield(event) }
    func end() { teller.finish() }
    var texts: [String] {
      sent.withLock {
        $0.map { "\($0.topic.split(separator: "/").last ?? "") " + String(decoding: $0.payload, as: UTF8.self) }
      }
    }
  }

  private struct Scene {
    let link = Link()
    let time = ManualTime()
    let shelf: Shelf
    let receiver: Receiver
    let work: Task<Void, any Error>
    let lines: Lines
    let dropped = Counter()

    init(replayAfter: Duration? = .seconds(30)) throws {
      shelf = try Shelf()
      let lines = Lines()
      self.lines = lines
      var settings = Receiver.Settings()
      settings.replayAfter = replayAfter
      let receiver = Receiver(settings, link: link, archive: shelf.archive, time: time, dropped: dropped.value) {
        line in lines.add(line)
      }
      self.receiver = receiver
      work = Task { try await receiver.run() }
      link.tell(.connected)
    }

    /// Everything that was asked for is what the schemas say.
    func stop() async throws {
      link.end()
      try await work.value
      let problem = try SchemaCheck.problem(in: link.sent.withLock { $0 })
      #expect(problem == nil, "\(problem ?? "")")
    }

    func tell(_ messages: IncomingMessage...) { for message in messages { link.tell(.message(message)) } }

    func expect(_ texts: [String]) async throws {
      try await eventually("\(texts), is \(link.texts)") { link.texts == texts }
    }
  }

  private final class Counter: Sendable {
    let count = Mutex<UInt64>(0)
    func value() -> UInt64 { count.withLock { $0 } }
  }

  private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    func contains(_ text: String) -> Bool { lines.withLock { $0.contains { $0.contains(text) } } }
  }

  @Test func whatIsInTheDatabaseIsAcknowledgedAndNothingElse() async throws {
    let scene = try Scene()
    scene.tell(Given.telemetry(Given.segment(1, 3)))
    try await scene.expect([#"ack {"epoch":"0123456789abcdef","ranges":[[1,3]]}"#])
    #expect(try scene.shelf.archive.recordCount(site: "mill", epoch: Given.epoch) == 3)
    // Within the second: both wait. The broken one is never acknowledged.
    scene.tell(Given.telemetry(Given.segment(4, 5)), try Given.backfill(Given.segment(8, 9)))
    scene.tell(Given.message("telemetry", Array("{}".utf8)))
    try await eventually("the broken one is told") { scene.lines.contains("refused a message") }
    #expect(scene.link.texts.count == 1)
    scene.time.advance(by: .seconds(1))
    try await scene.expect([
      #"ack {"epoch":"0123456789abcdef","ranges":[[1,3]]}"#,
      #"ack {"epoch":"0123456789abcdef","ranges":[[1,5],[8,9]]}"#,
    ])
    #expect(try scene.shelf.archive.refusals().map(\.count) == [1])
    try await scene.stop()
  }

  @Test func whatComesAgainIsAcknowledgedAgain() async throws {
    let scene = try Scene()
    scene.tell(Given.telemetry(Given.segment(1, 3)))
    try await eventually("acknowledged") { scene.link.texts.count == 1 }
    scene.time.advance(by: .seconds(5))
    scene.tell(Given.telemetry(Given.segment(2, 3)))
    try await eventually("again") { scene.link.texts.count == 2 }
    #expect(scene.link.texts[0] == scene.link.texts[1])
    #expect(try scene.shelf.archive.recordCount(site: "mill", epoch: Given.epoch) == 3)
    try await scene.stop()
  }

  @Test func anAcknowledgementWaitsForTheLink() async throws {
    let scene = try Scene()
    scene.link.isOpen.withLock { $0 = false }
    scene.tell(Given.telemetry(Given.segment(1, 3)))
    try await eventually("stored") { try scene.shelf.holdings().received.count == 3 }
    scene.link.isOpen.withLock { $0 = true }
    scene.time.advance(by: .seconds(2))
    try await scene.expect([#"ack {"epoch":"0123456789abcdef","ranges":[[1,3]]}"#])
    try await scene.stop()
  }

  /// The supervisor starts it again, and the site sends again what nobody acknowledged.
  @Test func aDatabaseThatFailsEndsItWithoutAnAcknowledgement() async throws {
    let scene = try Scene()
    try scene.shelf.failAt(seq: 3)
    scene.tell(Given.telemetry(Given.segment(1, 5)))
    await #expect(throws: (any Error).self) { try await scene.work.value }
    #expect(scene.link.texts.isEmpty)
  }

  @Test func whatTheLinkDroppedIsTold() async throws {
    let scene = try Scene()
    scene.dropped.count.withLock { $0 = 7 }
    try await eventually("told") { scene.lines.contains("7 messages came faster") }
    try await scene.stop()
  }

  @Test func anotherContentIsAnAlarm() async throws {
    let scene = try Scene()
    scene.tell(Given.telemetry(Given.segment(1, 3)), Given.telemetry(Given.segment(3, 4, value: 1)))
    try await eventually("alarm") { scene.lines.contains("ALARM: mill 0123456789abcdef: 1 records") }
    try await scene.stop()
  }

  /// 00:00  a hole 4…6 and an announced tail 10…12
  /// 00:30  both are asked for; 00:40 the hole is filled, and the patience begins anew
  @Test func aHoleThatStaysIsAskedFor() async throws {
    let scene = try Scene()
    scene.tell(
      Given.status((Given.epoch, 1, 12)), Given.telemetry(Given.segment(1, 3)), Given.telemetry(Given.segment(7, 9)))
    try await eventually("stored") { try scene.shelf.holdings().received.count == 6 }
    // The ticks of the receiver look at this clock; the first look has to have happened before it moves on.
    for _ in 0..<29 {
      try await scene.receiver.tick()
      scene.time.advance(by: .seconds(1))
    }
    #expect(!scene.link.texts.contains { $0.hasPrefix("replay") })
    for _ in 0..<3 {
      try await scene.receiver.tick()
      scene.time.advance(by: .seconds(1))
    }
    let replays = scene.link.texts.filter { $0.hasPrefix("replay") }
    #expect(replays == [#"replay {"epoch":"0123456789abcdef","ranges":[[4,6],[10,12]]}"#])

    scene.tell(try Given.backfill(Given.segment(4, 6)), Given.status((Given.epoch, 1, 12), isOnline: false))
    try await eventually("filled") { try scene.shelf.holdings().holes.isEmpty }
    try await eventually("offline") { try scene.shelf.archive.sitesOnline().isEmpty }
    for _ in 0..<300 {
      try await scene.receiver.tick()
      scene.time.advance(by: .seconds(1))
    }
    #expect(scene.link.texts.filter { $0.hasPrefix("replay") }.count == 1, "nothing is asked of a site that is away")
    try await scene.stop()
  }
}
