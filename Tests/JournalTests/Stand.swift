import EnergyModel
import Foundation
import GRDB
import TestKit

@testable import Journal

/// A journal in a folder of its own, on a clock that only the test moves. Commits happen when the test
/// says so.
final class Stand {
  let folder: URL
  let time: ManualTime
  var settings: JournalSettings
  private var copies: [URL] = []

  init(
    budget: Int = 16 << 20, capacity: Int = 20_000, destinations: [DestinationID] = ["vpp"], time: ManualTime? = nil
  ) throws {
    folder = try TemporaryFolder.make("journal")
    self.time = time ?? ManualTime()
    settings = JournalSettings(
      folder: folder.path, budget: budget, mailboxCapacity: capacity,
      destinations: destinations.map { JournalSettings.Destination($0) })
  }

  deinit { for folder in copies + [folder] { try? FileManager.default.removeItem(at: folder) } }

  func open() async throws -> Journal { try await Journal.open(settings, time: time, seed: 7) }

  /// What the disk would hold if the process died at this moment, opened as the next start does.
  func openAfterCrash() async throws -> Journal {
    let copy = try TemporaryFolder.make("journal-crash")
    copies.append(copy)
    let folder = URL(fileURLWithPath: settings.folder)
    for file in try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    where !file.lastPathComponent.hasSuffix("-shm") {
      try FileManager.default.copyItem(at: file, to: copy.appendingPathComponent(file.lastPathComponent))
    }
    var settings = settings
    settings.folder = copy.path
    return try await Journal.open(settings, time: time, seed: 7)
  }

  var database: URL { folder.appendingPathComponent(JournalFile.name) }

  func sample(_ device: DeviceID = "meter", power: Double = 100) -> Sample {
    Sample(device: device, measured: time.now(), readings: [Reading(.power, power), Reading(.frequency, 50)])
  }

  func event(_ name: String, _ severity: Event.Severity = .info) -> Event {
    Event(at: time.now(), name: name, severity: severity, text: name)
  }

  /// Posts `count` samples, a second apart, and commits them as one segment.
  func commit(_ count: Int, to journal: Journal, power: Double = 100) async -> Bool {
    for _ in 0..<count {
      time.advance(by: .seconds(1))
      journal.accept(sample(power: power))
    }
    return await journal.commit()
  }
}

extension Journal {
  func log(_ kind: LogState.Kind) throws -> LogState {
    guard let log = try logs().last(where: { $0.kind == kind }) else { throw JournalError.closed }
    return log
  }

  /// Everything `vpp` has not acknowledged.
  func waiting(_ kind: LogState.Kind, since: Timestamp? = nil) throws -> [Segment] {
    try unacknowledged(
      by: "vpp", of: log(kind).epoch, excluding: SequenceRangeSet(), since: since, limit: .max)
  }

  func seqs(_ kind: LogState.Kind) throws -> [UInt64] { try waiting(kind).flatMap { $0.records.compactMap(\.seq) } }

  func entries() throws -> [String] {
    try waiting(.events).flatMap(\.records).compactMap { record in
      if case .entry(let body) = record.body { body } else { nil }
    }
  }

  func acknowledge(_ first: UInt64, _ last: UInt64, _ kind: LogState.Kind = .telemetry) throws {
    try acknowledge([SequenceRange(first, last)], of: log(kind).epoch, by: "vpp")
  }

  var queue: DatabaseQueue? { opened?.file.queue }

  /// Runs SQL on the journal's own connection.
  func execute(_ sql: String) throws { try queue?.writeWithoutTransaction { try $0.execute(sql: sql) } }

  func pragma(_ name: String) throws -> String? {
    try queue?.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(name)") }
  }
}

extension LogPlan {
  /// Averages of everything over ten seconds.
  static let tenSeconds = LogPlan(choice: ReportingChoice([.init(.average(over: .seconds(10)))]))
}

extension Journal {
  /// Telemetry logs that a destination reads.
  func telemetry(_ destination: DestinationID = "vpp") throws -> [LogState] {
    try logs(for: destination).filter { $0.kind == .telemetry }
  }

  func waiting(_ log: LogState, _ destination: DestinationID = "vpp") throws -> [Segment] {
    try unacknowledged(by: destination, of: log.epoch, excluding: SequenceRangeSet(), since: nil, limit: .max)
  }

  func acknowledgeAll(by destination: DestinationID) throws {
    for log in try logs(for: destination) {
      try acknowledge([SequenceRange(1, .max)], of: log.epoch, by: destination)
    }
  }

  /// The gap records with a cause that a destination has not acknowledged.
  func gaps(_ cause: String, _ destination: DestinationID = "vpp") throws -> [String] {
    try waiting(log(.events), destination).flatMap(\.records).compactMap { record in
      if case .entry(let body) = record.body, body.contains(#""cause":"\#(cause)""#) { body } else { nil }
    }
  }
}
