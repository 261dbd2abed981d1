import EnergyModel

/// The records of a segment as they are stored.
struct Payload: Sendable {
  var format: SegmentFormat
  var bytes: [UInt8]

  init(format: SegmentFormat, bytes: [UInt8]) {
    self.format = format
    self.bytes = bytes
  }

  init(_ samples: [Sample], shapes: inout ShapeTable) {
    format = .samples
    bytes = Zstd.compress(SampleEncoding.encode(samples, table: &shapes), withChecksum: true)
  }

  init(_ entries: [EntryCoding.Stored]) {
    format = .entries
    bytes = Zstd.compress(EntryCoding.encode(entries), withChecksum: true)
  }

  func records(in range: SequenceRange, shapes: ShapeTable) throws(SegmentDamage) -> [Record] {
    let content = try Zstd.decompress(bytes)
    var records: [Record] = []
    var seq = range.first
    switch format {
    case .samples:
      for sample in try SampleDecoding.decode(content, table: shapes) {
        records.append(Record(seq: seq, time: sample.measured.wall, body: .sample(sample)))
        seq &+= 1
      }
    case .entries:
      for entry in try EntryCoding.decode(content) {
        records.append(Record(seq: seq, time: entry.time, body: .entry(entry.body)))
        seq &+= 1
      }
    }
    guard UInt64(records.count) == range.count else {
      throw .malformed("\(records.count) records where \(range.count) belong")
    }
    return records
  }
}
