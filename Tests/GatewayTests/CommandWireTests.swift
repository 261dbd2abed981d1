import EnergyDispatch
import EnergyModel
import Foundation
import Gateway
import Journal
import MQTTLink
import Synchronization
import TestKit
import Testing
import Uplink

/// A command's way over a real broker: link, inbox, desk, journal, and its answer back.
@Suite struct CommandWireTests {
  private struct NoCompression: ByteCompressor { func compress(_ bytes: [UInt8]) -> [UInt8] { bytes } }

  /// A site that takes commands, and somebody who sends them.
  private final class Wire: Sendable {
    static let prefix = "holdfast/v1/mill-lane-4/"
    let journal: Journal
    let desk: CommandDesk
    let link: MQTTLink
    let peer: MQTTLink
    private let running: Mutex<[Task<Void, Never>]> = Mutex([])
    private let answers = Mutex<[[String: String]]>([])
    private let wire = Mutex<[(topic: String, payload: [UInt8])]>([])
    private let nextID = Mutex<UInt64>(0)

    init(_ broker: TestBroker, _ settings: JournalSettings) async throws {
      let time = SystemTime()
      let journal = try await Journal.open(settings, time: time, seed: 7)
      var parameters = SiteParameters(
        mode: .control, gridMeter: nil, hybrids: [], loads: [], fuse: nil, baseLoad: Watts(500), feedIn: nil,
        reserve: Percent(0), economics: [])
      parameters.channels = [
        .init(name: "dso", kind: .uplink("vpp"), class: .legal, hasHeartbeat: true, mayLimit: [.exportPower: 0])
      ]
      let desk = CommandDesk(
        book: OrderBook(site: "mill-lane-4", parameters: parameters, authorities: [:]),
        saved: try await journal.load(CommandDesk.storeKey), store: journal, records: journal, events: journal,
        time: time)
      let uplinkSettings = UplinkSettings(destination: "vpp", site: "mill-lane-4", version: "0.1.0")
      let link = MQTTLink(
        settings: LinkSettings(
          clientID: "site", host: "127.0.0.1", port: broker.port, subscriptions: uplinkSettings.subscriptions,
          liveSubscriptions: uplinkSettings.liveSubscriptions, isCleanSession: false),
        time: time, seed: 1, acceptor: CommandInbox(uplinkSettings, desk: desk))
      let uplink = Uplink(
        settings: uplinkSettings, link: link, store: journal, compressor: NoCompression(), events: journal,
        states: journal, zone: .utc, time: time, seed: 2)
      desk.attach(uplink, to: "vpp")
      peer = MQTTLink(
        settings: LinkSettings(
          clientID: "aggregator", host: "127.0.0.1", port: broker.port,
          subscriptions: [Self.prefix + "command/result", Self.prefix + "command", Self.prefix + "heartbeat/+"]),
        time: time, seed: 3)
      self.journal = journal
      self.desk = desk
      self.link = link
      peer.start()
      try await eventually("the aggregator") { peer.isConnected }
      let tasks = [
        Task { await journal.run() }, Task { await uplink.run() },
        Task { for await event in peer.events() { note(event) } },
      ]
      running.withLock { $0 = tasks }
      link.start()
      // The last of its subscriptions is in force.
      try await eventually("the site") {
        try await publish("heartbeat/dso", #"{"t":\#(time.now().wall.milliseconds)}"#)
        return desk.orders(at: time.now()).channels["dso"]?.lastHeartbeat != nil
      }
    }

    private func note(_ event: LinkEvent) {
      guard case .message(let message) = event else { return }
      wire.withLock { $0.append((message.topic, message.payload)) }
      guard message.topic.hasSuffix("command/result"),
        let answer = try? JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any]
      else { return }
      answers.withLock { $0.append(answer.compactMapValues { $0 as? String }) }
    }

    var told: [String] { answers.withLock { $0.map { "\($0["id"] ?? "?") \($0["outcome"] ?? "?")" } } }
    var reasons: [String] { answers.withLock { $0.map { $0["reason"] ?? "?" } } }

    func publish(_ name: String, _ text: String, isRetained: Bool = false) async throws {
      let id = nextID.withLock { id in
        id += 1
        return id
      }
      let message = OutgoingMessage(
        id: id, topic: Self.prefix + name, payload: Array(text.utf8), isRetained: isRetained)
      try await eventually("room") { peer.publish(message) }
    }

    func limit(_ id: String, _ counter: Int, _ watts: Int) -> String {
      #"{"v":1,"id":"\#(id)","site":"mill-lane-4","issuer":"desk-4","counter":\#(counter),"#
        + #""issued":\#(SystemTime().now().wall.milliseconds),"duration_s":900,"kind":"limit","#
        + #""parameters":{"channel":"dso","export_power_w":\#(watts)}}"#
    }

    var export: Double? { desk.orders(at: SystemTime().now()).channels["dso"]?.limits[.exportPower]?.value }

    /// What `result` records the event log has.
    func records() async throws -> [String] {
      _ = await journal.flush()
      var bodies: [String] = []
      for log in try await journal.logs(for: "audit") where log.kind == .events {
        let segments = try await journal.unacknowledged(
          by: "audit", of: log.epoch, excluding: SequenceRangeSet(), since: nil, limit: 1000)
        for record in segments.flatMap(\.records) {
          if case .entry(let body) = record.body, body.contains(#""kind":"result""#) { bodies.append(body) }
        }
      }
      return bodies
    }

    /// Ends everything; what was on the wire is held against the schemas.
    func finish() async throws {
      link.stop()
      peer.stop()
      await journal.close()
      for task in running.withLock({ $0 }) {
        task.cancel()
        await task.value
      }
      let problem = try SchemaCheck.problem(in: wire.withLock { $0 })
      #expect(problem == nil, "\(problem ?? "")")
    }
  }

  private func settings(_ folder: URL) -> JournalSettings {
    JournalSettings(folder: folder.path, budget: 4 << 20, destinations: [.init("vpp"), .init("audit")])
  }

  @Test func aCommandIsAnsweredAndARepetitionIsAnsweredAlike() async throws {
    let broker = try TestBroker()
    let folder = try TemporaryFolder.make("commands")
    defer { try? FileManager.default.removeItem(at: folder) }
    let wire = try await Wire(broker, settings(folder))
    let limit = wire.limit("a", 1, 5000)
    try await wire.publish("command", limit)
    try await eventually("the answer") { wire.told == ["a accepted"] }
    #expect(wire.reasons == ["export at most 5 kW, for 900 s"])
    #expect(wire.export == 5000)
    try await wire.publish("command", limit)
    try await eventually("the same answer") { wire.told == ["a accepted", "a accepted"] }
    try await wire.publish("command", wire.limit("b", 2, 0), isRetained: true)
    try await eventually("of a live one that the broker keeps") {
      wire.told.suffix(2) == ["b accepted", "a superseded"]
    }
    let records = try await wire.records()
    #expect(records.count == 3, "\(records)")
    try await wire.finish()

    // The next site of this name gets the retained one with its subscription, and has never seen it.
    let other = try TemporaryFolder.make("commands")
    defer { try? FileManager.default.removeItem(at: other) }
    let next = try await Wire(broker, settings(other))
    try await eventually("refused") { next.told.contains("b refused") }
    #expect(next.reasons.last?.hasPrefix("it is retained") == true)
    #expect(next.export == nil)
    try await next.finish()
  }

  /// The disk fails while a limit arrives: it holds, the broker is told nothing, and when the disk is well again the second
  /// delivery is answered once.
  @Test func aCommandThatCannotBeKeptComesAgain() async throws {
    let broker = try TestBroker()
    let folder = try TemporaryFolder.make("commands")
    defer { try? FileManager.default.removeItem(at: folder) }
    let disk = FaultDisk(folder: folder.path, remembersChanges: false)
    var settings = settings(folder)
    settings.fileQuery = FaultDisk.query
    let wire = try await Wire(broker, settings)
    try await wire.publish("command", wire.limit("a", 1, 5000))
    try await eventually("the first") { wire.told == ["a accepted"] }
    disk.fail([.write, .sync], after: 0, times: 1_000_000)
    try await wire.publish("command", wire.limit("b", 2, 3000))
    try await eventually("it acts") { wire.export == 3000 }
    try await eventually("the connection is given up") { !wire.link.isConnected }
    #expect(wire.told == ["a accepted"])
    disk.heal()
    try await eventually(within: 30, "its answer") { wire.told.contains("b accepted") }
    // Answers come in order: after that of a later command nothing more is on its way.
    try await wire.publish("command", wire.limit("c", 1, 1000))
    try await eventually("the last answer") { wire.told.contains("c refused") }
    #expect(wire.told == ["a accepted", "b accepted", "a superseded", "c refused"])
    #expect(wire.export == 3000)
    let records = try await wire.records()
    #expect(records.filter { $0.contains(#""id":"b""#) }.count == 1, "\(records)")
    try await wire.finish()
  }

  /// Killed after the commit: the next start knows the order and its answer.
  @Test func theNextStartKnowsWhatWasAccepted() async throws {
    let broker = try TestBroker()
    let folder = try TemporaryFolder.make("commands")
    defer { try? FileManager.default.removeItem(at: folder) }
    let wire = try await Wire(broker, settings(folder))
    let limit = wire.limit("a", 1, 5000)
    try await wire.publish("command", limit)
    try await eventually("the answer") { wire.told == ["a accepted"] }
    try await wire.finish()
    let next = try await Wire(broker, settings(folder))
    #expect(next.export == 5000)
    try await next.publish("command", limit)
    try await eventually("the same answer") { next.told == ["a accepted"] }
    try await next.finish()
  }
}
