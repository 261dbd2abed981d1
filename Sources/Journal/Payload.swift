import EnergyModel

/// The records of a segment as they are stored.
struct Payload: Sendable {
  var format: SegmentFormat
  var bytes: [UInt8]

  init(format: SegmentFormat, bytes: [UInt8]) {
    self.format = format
    self.bytes = bytes
  }

  init(_ samples: [Sample], as format: SegmentFormat = .samples, shapes: inout ShapeTable) {
    self.format = format
    bytes = SampleEncoding.encode(samples, table: &shapes)
  }

  init(_ entries: [EntryCoding.Stored]) {
    format = .entries
    bytes = Zstd.compress(EntryCoding.encode(entries), withChecksum: true)
  }

  func records(in range: SequenceRange, shapes: ShapeTable) throws(SegmentDamage) -> [Record] {
    var records: [Record] = []
    func add(_ time: Timestamp, _ body: Record.Body) {
      records.append(
        Record(seq: format.isThinned ? nil : range.first &+ UInt64(records.count), time: time, body: body))
    }
    switch format {
    case .samples, .thinnedToMinutes, .thinnedToQuarters:
      for sample in try SampleDecoding.decode(bytes, table: shapes) { add(sample.measured.wall, .sample(sample)) }
    case .firstSamples, .firstAverages, .firstThinnedToMinutes, .firstThinnedToQuarters:
      let content = try Zstd.decompress(bytes)
      for sample in try FirstSampleDecoding.decode(content, hasSpans: format != .firstSamples, table: shapes) {
        add(sample.measured.wall, .sample(sample))
      }
    case .entries:
      for entry in try EntryCoding.decode(try Zstd.decompress(bytes)) { add(entry.time, .entry(entry.body)) }
    }
    guard format.isThinned || UInt64(records.count) == range.count else {
      throw .malformed("\(records.count) records where \(range.count) belong")
    }
    return records
  }
}
