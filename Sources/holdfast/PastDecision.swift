import EnergyModel
import Foundation
import Journal

/// What held at a moment of the past, as the event log tells it: also while the agent runs, and after it was stopped.
struct PastDecision {
  private struct Entry: Decodable {
    var kind: String
    var name: String?
    var text: String?
    var wish: String?
    var limits: [Limit]?
    var setpoints: [String: Double]?
    var from: Int64?
    var to: Int64?
  }

  struct Limit: Decodable {
    var rule: String
    var quantity: String
    var text: String
    var holds: Bool
  }

  /// A decision that held at that moment.
  struct Decision {
    var since: Timestamp
    var text: String
    var wish: String?
    var limits: [Limit]
    var setpoints: [String: Double]
  }

  enum Answer {
    case decided(Decision)
    /// Nobody decided anything then: the agent did not run, or had just started.
    case nothing(String)
  }

  private let time: Timestamp
  private var decision: Decision?
  private var absence = "the journal holds nothing of that time"
  /// Begins after the moment, and is told after it: a crash shows only at the next start.
  private var lost: ClosedRange<Int64>?
  private var startsAfter = 0

  private init(at time: Timestamp) { self.time = time }

  /// Looks back an hour, then ever further.
  static func find(at time: Timestamp, in reader: JournalReader) throws -> Answer {
    guard let log = try reader.logs().last(where: { $0.kind == .events }) else {
      return .nothing("the journal has no event log")
    }
    var past = PastDecision(at: time)
    for hours in [1, 24, 24 * 31, nil] as [Int64?] {
      past = PastDecision(at: time)
      try past.read(log, reader, since: hours.map { time - .seconds(3600 * $0) })
      if past.decision != nil { break }
    }
    return past.answer
  }

  private var answer: Answer {
    if let lost, lost.contains(time.milliseconds) {
      let from = Timestamp(milliseconds: lost.lowerBound).text()
      return .nothing(
        "the agent did not run, or lost what it did, from \(from) to \(Timestamp(milliseconds: lost.upperBound).text())"
      )
    }
    return decision.map { .decided($0) } ?? .nothing(absence)
  }

  private mutating func read(_ log: JournalReader.Log, _ reader: JournalReader, since: Timestamp?) throws {
    var next: UInt64? = 1
    while let start = next, startsAfter < 2 {
      let page = try reader.segments(of: log, from: start, since: since)
      for segment in page.segments {
        for record in try segment.decoded().records { take(record) }
      }
      next = page.next
    }
  }

  private mutating func take(_ record: Record) {
    guard case .entry(let members) = record.body,
      let entry = try? JSONDecoder().decode(Entry.self, from: Data("{\(members)}".utf8))
    else { return }
    if entry.kind == "gap", let from = entry.from, let to = entry.to, from <= to {
      if (from...to).contains(time.milliseconds) { lost = from...to }
    }
    guard record.time <= time else {
      if entry.name == "agent-started" { startsAfter += 1 }
      return
    }
    switch (entry.kind, entry.name) {
    case ("decision", _):
      decision = Decision(
        since: record.time, text: entry.text ?? "", wish: entry.wish, limits: entry.limits ?? [],
        setpoints: entry.setpoints ?? [:])
    case ("event", "agent-started"?):
      decision = nil
      absence = "the agent had started at \(record.time.text()) and decided nothing yet"
    case ("event", "control-stopped"?):
      decision = nil
      absence = "the agent had been stopped at \(record.time.text())"
    default: break
    }
  }
}
