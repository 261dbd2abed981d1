package import EnergyModel
import Foundation

/// What a receiver says on `ack` or `replay`: `{"epoch":"…","ranges":[[1,1846]]}`. Further members are left alone.
package struct ReceiverRequest: Sendable {
  package enum Kind: String, CaseIterable, Sendable { case ack, replay }

  /// Why a message is not taken, for people.
  package struct Refusal: Error, Hashable, Sendable {
    package let text: String
    init(_ text: String) { self.text = text }
  }

  /// More is not looked at.
  static let largestPayload = 64 << 10
  /// Each is work for the journal; a receiver that has more to say says it in several messages.
  package static let mostRanges = 256

  let kind: Kind
  package let epoch: Epoch
  package let ranges: SequenceRangeSet

  package init(_ message: IncomingMessage, as kind: Kind) throws(Refusal) {
    guard !message.isRetained else { throw Refusal("a retained message: it would be obeyed with each connection") }
    guard message.payload.count <= Self.largestPayload else { throw Refusal("\(message.payload.count) bytes") }
    let content: Content
    do { content = try JSONDecoder().decode(Content.self, from: Data(message.payload)) } catch {
      throw Refusal("no epoch and ranges in it")
    }
    guard let epoch = Epoch(content.epoch) else { throw Refusal("an epoch has 16 lower-case hexadecimal digits") }
    guard content.ranges.count <= Self.mostRanges else {
      throw Refusal("\(content.ranges.count) ranges, \(Self.mostRanges) are the most")
    }
    var ranges: [SequenceRange] = []
    for pair in content.ranges {
      guard pair.count == 2, 1 <= pair[0], pair[0] <= pair[1] else { throw Refusal("\(pair.prefix(3)) is no range") }
      ranges.append(SequenceRange(pair[0], pair[1]))
    }
    self.kind = kind
    self.epoch = epoch
    self.ranges = SequenceRangeSet(ranges)
  }

  /// What an acknowledgement says of a log. It may reach beyond: where a power cut took the last commits, the receiver
  /// names in one range what it has of them as well. Only what was never given, all of it, is refused. Of a log that holds
  /// nothing any more there is nothing to say.
  package func acknowledged(of log: LogState) throws(Refusal) -> SequenceRangeSet {
    guard let last = ranges.ranges.last?.last, let held = log.held else { return SequenceRangeSet() }
    let known = ranges.ranges.filter { $0.first <= held.last }.map { SequenceRange($0.first, min($0.last, held.last)) }
    guard !known.isEmpty else { throw Refusal("a range ends at \(last), the log at \(held.last)") }
    return SequenceRangeSet(known)
  }

  private struct Content: Decodable {
    let epoch: String
    let ranges: [[UInt64]]
  }
}
