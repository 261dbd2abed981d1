import EnergyModel

/// The `backfill` payload before compression: JSON lines, the header first (a telemetry object without
/// `records`, whose `first` and `last` span the whole), then one record a line. Every line ends with a
/// line feed.
struct BackfillFrame {
  /// How many of the segments offered are inside.
  let segments: Int
  let range: SequenceRange
  let lines: [UInt8]

  /// Takes as many segments from the front as are contiguous in one log, thinned all or none, and fit into
  /// `limit` bytes, and always the first. Nil when nothing is offered.
  init?(_ offered: [Segment], site: String, limit: Int) {
    guard let first = offered.first else { return nil }
    // The range grows, and with it the header, by a few digits at most.
    let header = Self.headerLine(first, range: SequenceRange(first.range.first, .max), site: site).count
    var body: [UInt8] = []
    var range = first.range
    var taken = 0
    for segment in offered {
      let isContiguous =
        segment.epoch == first.epoch && segment.range.first == range.last + 1
        && segment.isThinned == first.isThinned
      if taken > 0 && !isContiguous { break }
      let records = Self.lines(of: segment.records)
      if taken > 0 && header + body.count + records.count > limit { break }
      body += records
      range = SequenceRange(first.range.first, segment.range.last)
      taken += 1
    }
    segments = taken
    self.range = range
    lines = Self.headerLine(first, range: range, site: site) + body
  }

  private static func headerLine(_ segment: Segment, range: SequenceRange, site: String) -> [UInt8] {
    var json = JSONText()
    json.object { SegmentFrame.header(segment, range: range, site: site, &$0) }
    return json.bytes + [lineFeed]
  }

  private static func lines(of records: [Record]) -> [UInt8] {
    var json = JSONText()
    for record in records {
      RecordText.write(record, &json)
      json.endLine()
    }
    return json.bytes
  }

  private static let lineFeed = UInt8(ascii: "\n")
}
