import EnergyModel
import Foundation
import Journal
import TestKit

/// A journal in a folder of its own, that is given a trace with a commit every 4 s of its clock.
final class JournalRun {
  static let secondsPerCommit = 4

  let folder: URL
  private let time: ManualTime
  private let journal: Journal
  private(set) var commits = 0
  /// How often SQLite has synced a file or the folder, up to each commit; empty unless they are counted.
  private(set) var syncs: [UInt64] = []
  private let disk: FaultDisk?
  /// Added to the time of what is played, so that a trace can be played again.
  private var offset = Duration.zero

  /// - Parameters:
  ///   - logs: what is recorded.
  ///   - countsSyncs: counts them instead of doing them.
  init(
    in parent: URL, budget: Int = 1 << 30, reserve: Int = 0, logs: [LogPlan] = [LogPlan()], countsSyncs: Bool = false
  ) async throws {
    folder = parent.appendingPathComponent("journal-\(UInt32.random(in: 0 ... .max))")
    time = ManualTime(Moment(wall: Trace.start, monotonic: MonotonicInstant(nanoseconds: 0)))
    var settings = JournalSettings(
      folder: folder.path, budget: budget, reserve: reserve,
      destinations: [JournalSettings.Destination("bench", logs: logs)])
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    disk = countsSyncs ? FaultDisk(folder: folder.path, remembersChanges: false) : nil
    if countsSyncs { settings.fileQuery = FaultDisk.query }
    journal = try await Journal.open(settings, time: time, seed: 1)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// - Parameter withEvents: one a minute.
  func play(_ seconds: ArraySlice<[Sample]>, withEvents: Bool = false) async throws {
    let part = Part(seconds: seconds, offset: offset, withEvents: withEvents, time: time, disk: disk)
    let counted = try await part.play(into: journal)
    commits += counted.count
    if disk != nil { syncs += counted }
    offset = offset + .seconds(seconds.count)
  }

  private struct Part: Sendable {
    let seconds: ArraySlice<[Sample]>
    let offset: Duration
    let withEvents: Bool
    let time: ManualTime
    let disk: FaultDisk?

    /// On the journal's own thread, so that no time goes by between one commit and the next.
    /// - Returns: the syncs counted up to each commit.
    func play(into journal: isolated Journal) throws -> [UInt64] {
      var commits: [UInt64] = []
      for (second, samples) in zip(seconds.indices, seconds) {
        time.advance(by: .seconds(1))
        for var sample in samples {
          if offset != .zero {
            sample.measured.wall = sample.measured.wall + offset
            sample.measured.monotonic = sample.measured.monotonic + offset
          }
          journal.accept(sample)
        }
        if withEvents && second % 60 == 0 { journal.post(event(second)) }
        guard (second + 1) % JournalRun.secondsPerCommit == 0 else { continue }
        guard journal.flush() else { throw BenchFailure(text: "a commit failed: \(journal.counters())") }
        commits.append(disk?.count(.sync) ?? 0)
      }
      return commits
    }

    private func event(_ second: Int) -> Event {
      Event(
        at: time.now(), name: "device-silent", severity: .warning, device: "device-01",
        text: "device-01 has not answered for 30 s", data: ["silent_s": .integer(Int64(second % 300))])
    }
  }

  var counters: SiteStatus.Journal { journal.counters() }

  /// Closes it.
  /// - Returns: bytes of the pages that hold something, as the header of the file counts them.
  func close() async throws -> Int {
    await journal.close()
    guard let file = FileHandle(forReadingAtPath: folder.path + "/journal.sqlite"),
      let header = try file.read(upToCount: 100), header.count == 100
    else { throw BenchFailure(text: "no database in \(folder.path)") }
    func number(_ range: Range<Int>) -> Int { header[range].reduce(0) { $0 << 8 | Int($1) } }
    return (number(28..<32) - number(36..<40)) * number(16..<18)
  }
}

/// What this process has written so far.
struct Written {
  /// Handed to the kernel by `write`.
  var handed: Int
  /// Made dirty in the page cache, which is what reaches the disk: whole pages.
  var pages: Int

  static func now() throws -> Written {
    let text = try String(contentsOfFile: "/proc/self/io", encoding: .utf8)
    func number(_ name: String) -> Int {
      text.split(separator: "\n").first { $0.hasPrefix(name + ":") }
        .flatMap { $0.split(separator: " ").last }.flatMap { Int($0) } ?? 0
    }
    return Written(handed: number("wchar"), pages: number("write_bytes"))
  }

  static func - (a: Written, b: Written) -> Written { Written(handed: a.handed - b.handed, pages: a.pages - b.pages) }
}
