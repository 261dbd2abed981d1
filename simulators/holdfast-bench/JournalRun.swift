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
  /// Added to the time of what is played, so that a trace can be played again.
  private var offset = Duration.zero

  init(in parent: URL, budget: Int = 1 << 30, reserve: Int = 0) async throws {
    folder = parent.appendingPathComponent("journal-\(UInt32.random(in: 0 ... .max))")
    time = ManualTime(Moment(wall: Trace.start, monotonic: MonotonicInstant(nanoseconds: 0)))
    let settings = JournalSettings(
      folder: folder.path, budget: budget, reserve: reserve, destinations: [JournalSettings.Destination("bench")])
    journal = try await Journal.open(settings, time: time, seed: 1)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// - Parameter withEvents: one a minute.
  func play(_ seconds: ArraySlice<[Sample]>, withEvents: Bool = false) async throws {
    let part = Part(seconds: seconds, offset: offset, withEvents: withEvents, time: time)
    commits += try await part.play(into: journal)
    offset = offset + .seconds(seconds.count)
  }

  private struct Part: Sendable {
    let seconds: ArraySlice<[Sample]>
    let offset: Duration
    let withEvents: Bool
    let time: ManualTime

    /// On the journal's own thread, so that no time goes by between one commit and the next.
    /// - Returns: the number of commits.
    func play(into journal: isolated Journal) throws -> Int {
      var commits = 0
      for (second, samples) in zip(seconds.indices, seconds) {
        time.advance(by: .seconds(1))
        for var sample in samples {
          sample.measured.wall = sample.measured.wall + offset
          sample.measured.monotonic = sample.measured.monotonic + offset
          journal.accept(sample)
        }
        if withEvents && second % 60 == 0 { journal.post(event(second)) }
        guard (second + 1) % JournalRun.secondsPerCommit == 0 else { continue }
        guard journal.flush() else { throw BenchFailure(text: "a commit failed: \(journal.counters())") }
        commits += 1
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

  /// How often the write-ahead log was moved into the database and begun anew, as its header counts it.
  var checkpoints: Int {
    guard let log = FileHandle(forReadingAtPath: folder.path + "/journal.sqlite-wal"),
      let header = try? log.read(upToCount: 32), header.count == 32
    else { return 0 }
    return header[12..<16].reduce(0) { $0 << 8 | Int($1) }
  }

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
