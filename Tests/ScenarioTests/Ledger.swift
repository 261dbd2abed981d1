import EnergyModel
import Foundation

/// What a careful aggregator keeps: ranges of seq per epoch, and each record's content, so that it would
/// notice a seq that is used twice.
struct Ledger {
  private(set) var received: [String: SequenceRangeSet] = [:]
  /// Records whose seq came again with another content.
  private(set) var contradictions: [String] = []
  /// Messages whose header does not agree with their records.
  private(set) var malformed: [String] = []
  private(set) var logs: [String: String] = [:]
  private var contents: [String: String] = [:]

  init(_ messages: [UplinkJudge.Message]) {
    for message in messages where !message.records.isEmpty { add(message) }
  }

  private mutating func add(_ message: UplinkJudge.Message) {
    logs[message.epoch] = message.header["log"] as? String
    var expected = message.first
    for record in message.records {
      let seq = (record["seq"] as? NSNumber)?.uint64Value ?? 0
      if seq != expected { malformed.append("\(message.topic) \(message.first)…\(message.last): \(seq)") }
      expected = seq + 1
      received[message.epoch, default: SequenceRangeSet()].insert(SequenceRange(seq, seq))
      let name = "\(message.epoch) \(seq)"
      let data = try? JSONSerialization.data(withJSONObject: record, options: .sortedKeys)
      let content = data.map { String(decoding: $0, as: UTF8.self) } ?? ""
      if let known = contents[name], known != content { contradictions.append(name) }
      contents[name] = content
    }
    if expected != message.last + 1 { malformed.append("\(message.topic) \(message.first)…\(message.last)") }
  }

  var count: UInt64 { received.values.reduce(0) { $0 + $1.count } }

  /// Missing numbers between 1 and the highest received, by epoch.
  var holes: [String] {
    received.flatMap { epoch, set -> [String] in
      guard let last = set.ranges.last?.last else { return [] }
      return set.gaps(in: SequenceRange(1, last)).map { "\(logs[epoch] ?? "?") \($0.first)…\($0.last)" }
    }
  }
}
