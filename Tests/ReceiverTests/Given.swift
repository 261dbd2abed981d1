import EnergyModel
import Foundation
import GRDB
import Journal
import Synchronization
import TestKit

@testable import Receiver
@testable import Uplink

/// Messages as a site really writes them, and what the tests of this target stand on.
enum Given {
  static let epoch = Epoch(number: 0x0123_4567_89ab_cdef)
  static let eventEpoch = Epoch(number: 0xfedc)
  static let time = Timestamp(milliseconds: 1_782_036_000_000)

  static func segment(_ first: UInt64, _ last: UInt64, value: Double = 230.1, epoch: Epoch = epoch) -> Segment {
    let measured = Moment(wall: time, monotonic: MonotonicInstant(nanoseconds: 0))
    let readings = [Reading(.voltageL1, value), Reading(.frequency, quality: .timeout)]
    let records = (first...last).map { seq in
      let sample = Sample(device: "grid/meter", measured: measured, readings: readings + [Reading(.power, Double(seq))])
      return Record(seq: seq, time: time + .seconds(Int64(seq)), body: .sample(sample))
    }
    return Segment(
      epoch: epoch, log: "telemetry", range: SequenceRange(first, last), firstTime: time, lastTime: time,
      records: records)
  }

  static func entry(_ seq: UInt64, _ members: String) -> Segment {
    Segment(
      epoch: eventEpoch, log: "events", range: SequenceRange(seq, seq), firstTime: time, lastTime: time,
      records: [Record(seq: seq, time: time, body: .entry(members))])
  }

  static func gap(_ seq: UInt64, _ first: UInt64, _ last: UInt64) -> Segment {
    entry(seq, #""kind":"gap","epoch":"\#(epoch)","first":\#(first),"last":\#(last),"cause":"budget""#)
  }

  static func lostTime(_ seq: UInt64) -> Segment {
    entry(seq, #""kind":"gap","epoch":"\#(epoch)","from":5,"to":9,"cause":"crash""#)
  }

  static func telemetry(_ segment: Segment) -> IncomingMessage {
    message(segment.log, SegmentFrame.payload(segment, site: "mill"))
  }

  static func backfill(_ segments: Segment...) throws -> IncomingMessage {
    let frame = BackfillFrame(segments, site: "mill", limit: 64_000)
    return message("backfill", ZstdCompressor().compress(frame?.lines ?? []))
  }

  /// Averages that stand for first…last, one a minute.
  static func thinned(_ first: UInt64, _ last: UInt64, averages: Int = 1) -> IncomingMessage {
    let header =
      #"{"v":1,"site":"mill","log":"telemetry","epoch":"\#(epoch)","first":\#(first),"last":\#(last),"thinned":true}"#
    let lines = (0..<averages).map {
      #"{"t":\#(60_000 * ($0 + 1)),"span_ms":60000,"device":"grid-meter","values":{"power_w":7}}"#
    }
    return message("backfill", ZstdCompressor().compress(Array(([header] + lines).joined(separator: "\n").utf8) + [10]))
  }

  static func status(_ logs: (Epoch, UInt64, UInt64)..., isOnline: Bool = true) -> IncomingMessage {
    let states = logs.map { epoch, first, last in
      LogState(
        epoch: epoch, name: epoch == eventEpoch ? "events" : "telemetry", kind: .telemetry,
        held: SequenceRange(first, last))
    }
    return message(
      "status", StatusFrame.payload(isOnline: isOnline, boot: 1, version: "1", time: time, logs: states))
  }

  /// Made so many seconds after ``time``.
  static func forecast(at seconds: Int, up: Double) -> IncomingMessage {
    let made = Moment(wall: time + .seconds(seconds), monotonic: MonotonicInstant(nanoseconds: 0))
    let report = ForecastReport(
      at: made, start: time + .seconds(900), up: [ForecastReport.Offer(power: up, energy: up / 4)])
    return message("forecast", ForecastFrame.payload(report, site: "mill"))
  }

  static func message(_ leaf: String, _ payload: [UInt8]) -> IncomingMessage {
    IncomingMessage(
      topic: "holdfast/v1/mill/\(leaf)", payload: payload, isRetained: false,
      received: Moment(wall: time, monotonic: MonotonicInstant(nanoseconds: 0)))
  }
}

/// A database in a folder of its own that can be opened again, as after a crash.
final class Shelf {
  let folder: URL
  private(set) var archive: Archive

  init() throws {
    folder = try TemporaryFolder.make("receiver")
    archive = try Archive(path: folder.appendingPathComponent("r.sqlite").path)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func reopen() throws {
    try archive.close()
    archive = try Archive(path: folder.appendingPathComponent("r.sqlite").path)
  }

  /// Stores what a message carries; nil for what is no segment.
  @discardableResult
  func store(_ incoming: IncomingMessage) throws -> Archive.Stored? {
    let message = try SiteMessage(topic: incoming.topic, payload: incoming.payload)
    switch message.content {
    case .status(let status):
      try archive.store(status, of: message.site, at: Given.time)
      return nil
    case .forecast(let forecast):
      try archive.store(forecast, of: message.site, at: Given.time)
      return nil
    case .segment(let segment): return try archive.store(segment, of: message.site, at: Given.time)
    }
  }

  /// Lets the database fail in the middle of a segment.
  func failAt(seq: Int) throws {
    try archive.queue.write {
      try $0.execute(
        sql: "CREATE TRIGGER t BEFORE INSERT ON record WHEN new.seq = \(seq) BEGIN SELECT raise(ABORT, 'no'); END")
    }
  }

  func holdings(_ epoch: Epoch = Given.epoch) throws -> Holdings {
    try archive.holdings(site: "mill").first { $0.epoch == epoch } ?? Holdings(site: "mill", epoch: epoch)
  }
}
