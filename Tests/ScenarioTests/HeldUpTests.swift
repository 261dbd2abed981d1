import Foundation
import GRDB
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 00:00  site runs; its log is a pipe that is full and that nobody reads
  /// 00:05  the broker is frozen; a visitor asks for the event stream and never reads
  /// 00:15  the broker goes on
  ///        the control cycle moved by less than 200 ms, and everything arrives afterwards
  @Test(.timeLimit(.minutes(3))) func brokerPageAndLogHeldUpForTenSeconds() async throws {
    let pipe = try FullPipe()
    var options = Scenario.options()
    options.agentErrors = pipe.writer
    options.separatesBrokers = true
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    try await Scenario.start(stage)
    let visitors = try (0..<5).map { _ in try IdleVisitor(port: stage.ports.page) }
    let before = try await stage.client.site().cycle

    stage.broker.freeze()
    stage.aggregator.freeze()
    try await Scenario.sleep(10)
    let during = try await stage.client.site().cycle
    stage.broker.thaw()
    stage.aggregator.thaw()
    #expect(during.count >= before.count + 9, "the cycle went on at its pace")
    #expect(during.worstLatenessMs < 200, "worst lateness \(during.worstLatenessMs) ms")
    #expect(during.worstDurationMs < 200)

    try await eventually(within: 60, "everything arrives") {
      let uplink = try await stage.client.site().uplinks[0]
      return uplink.connected && uplink.backlogRecords < 10
    }
    #expect(Ledger(try judge.messages()).holes.isEmpty)
    #expect(visitors.count == 5)
    pipe.drain()
  }
}

extension Scenarios {
  /// 00:00  site runs
  /// 00:05  another process holds the journal's file locked, so that no commit comes through
  /// 00:15  it lets go
  ///        the control cycle moved by less than 200 ms, and what was measured meanwhile is committed
  @Test(.timeLimit(.minutes(2))) func journalHeldUpForTenSeconds() async throws {
    var options = Scenario.options()
    options.edit = { $0.replacing("budget: 200 MB", with: "budget: 200 MB, commit_interval: 1 s") }
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.broker.port, folder: stage.folder)
    try await Scenario.start(stage)
    let before = try await stage.client.site()
    #expect(before.journal.fault == nil)

    var configuration = Configuration()
    configuration.allowsUnsafeTransactions = true
    // The agent may be committing at this very moment.
    configuration.busyMode = .timeout(5)
    let database = try DatabaseQueue(path: stage.database.path, configuration: configuration)
    try database.inDatabase { try $0.execute(sql: "BEGIN IMMEDIATE") }
    try await Scenario.sleep(10)
    let during = try await stage.client.site()
    try database.inDatabase { try $0.execute(sql: "ROLLBACK") }
    try database.close()
    #expect(during.journal.fault != nil, "the journal must really have been held up")
    #expect(during.journal.committedRecords <= before.journal.committedRecords + 10)
    #expect(during.cycle.count >= before.cycle.count + 9)
    #expect(during.cycle.worstLatenessMs < 200, "worst lateness \(during.cycle.worstLatenessMs) ms")
    #expect(during.cycle.worstDurationMs < 200)

    try await eventually(within: 30, "the journal goes on") { try await stage.client.site().journal.fault == nil }
    stage.stopAgent()
    try await Scenario.sleep(1)
    let ledger = Ledger(try judge.messages())
    #expect(ledger.holes.isEmpty)
    // The meter is read once a second: nothing of the ten seconds is missing.
    let times = try judge.times(of: "grid-meter")
    let longest = zip(times, times.dropFirst()).map { $1 - $0 }.max() ?? .max
    #expect(longest < 2500, "longest pause between two records \(longest) ms")
  }
}

/// A pipe without room for another byte.
private final class FullPipe {
  private let pipe = Pipe()
  var writer: Int32 { pipe.fileHandleForWriting.fileDescriptor }

  init() throws {
    let descriptor = pipe.fileHandleForWriting.fileDescriptor
    let flags = fcntl(descriptor, F_GETFL)
    _ = fcntl(descriptor, F_SETFL, flags | O_NONBLOCK)
    let block = [UInt8](repeating: UInt8(ascii: "x"), count: 4096)
    while write(descriptor, block, block.count) > 0 {}
    while write(descriptor, block, 1) > 0 {}
    _ = fcntl(descriptor, F_SETFL, flags)
  }

  /// Lets the writer end.
  func drain() { pipe.fileHandleForReading.closeFile() }
}

/// Asks for the event stream and never reads a byte of it.
private final class IdleVisitor {
  private let descriptor: Int32

  init(port: Int) throws {
    descriptor = try Loopback.connection(to: port, receiveBuffer: 4096)
    let request = Array("GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    _ = write(descriptor, request, request.count)
  }

  deinit { close(descriptor) }
}
