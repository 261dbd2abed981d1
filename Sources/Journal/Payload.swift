import EnergyModel

/// The records of a segment as they are stored.
struct Payload: Sendable {
  var format: SegmentFormat
  var bytes: [UInt8]

  init(format: SegmentFormat, bytes: [UInt8]) {
    self.format = format
    self.bytes = bytes
  }

  /// - Parameter format: nil takes the one that fits samples which have a seq each.
  init(_ samples: [Sample], as format: SegmentFormat? = nil, shapes: inout ShapeTable) {
    let format = format ?? (samples.contains { $0.span != nil } ? .averages : .samples)
    self.format = format
    bytes = Zstd.compress(
      SampleEncoding.encode(samples, hasSpans: format != .samples, table: &shapes), withChecksum: true)
  }

  init(_ entries: [EntryCoding.Stored]) {
    format = .entries
    bytes = Zstd.compress(EntryCoding.encode(entries), withChecksum: true)
  }

  func records(in range: SequenceRange, shapes: ShapeTable) throws(SegmentDamage) -> [Record] {
    let content = try Zstd.decompress(bytes)
    var records: [Record] = []
    switch format {
    case .samples, .averages, .thinnedToMinutes, .thinnedToQuarters:
      for sample in try SampleDecoding.decode(content, hasSpans: format != .samples, table: shapes) {
        let seq = format.isThinned ? nil : range.first &+ UInt64(records.count)
        records.append(Record(seq: seq, time: sample.measured.wall, body: .sample(sample)))
      }
    case .entries:
      for entry in try EntryCoding.decode(content) {
        let seq = range.first &+ UInt64(records.count)
        records.append(Record(seq: seq, time: entry.time, body: .entry(entry.body)))
      }
    }
    guard format.isThinned || UInt64(records.count) == range.count else {
      throw .malformed("\(records.count) records where \(range.count) belong")
    }
    return records
  }
}
