import EnergyModel

/// The `backfill` payload before compression: JSON lines, the header first (a telemetry object without
/// `records`, whose `first` and `last` span the whole), then one record a line. Every line ends with a
/// line feed.
struct BackfillFrame {
  /// How many of the segments offered are inside.
  let segments: Int
  let range: SequenceRange
  let lines: [UInt8]

  /// Takes as many segments from the front as are contiguous in one log and fit into `limit` bytes, and
  /// always the first. Nil when nothing is offered.
  init?(_ offered: [Segment], site: String, limit: Int) {
    guard let first = offered.first else { return nil }
    var body: [UInt8] = []
    var range = first.range
    var taken = 0
    for segment in offered {
      let isContiguous = segment.epoch == first.epoch && segment.range.first == range.last + 1
      if taken > 0 && !isContiguous { break }
      let records = Self.lines(of: segment.records)
      let whole = SequenceRange(first.range.first, segment.range.last)
      let size = Self.headerLine(first, range: whole, site: site).count + body.count + records.count
      if taken > 0 && size > limit { break }
      body += records
      range = whole
      taken += 1
    }
    segments = taken
    self.range = range
    lines = Self.headerLine(first, range: range, site: site) + body
  }

  private static func headerLine(_ segment: Segment, range: SequenceRange, site: String) -> [UInt8] {
    var json = JSONText()
    json.object { SegmentFrame.header(segment, range: range, site: site, &$0) }
    return Array(json.text.utf8) + [lineFeed]
  }

  private static func lines(of records: [Record]) -> [UInt8] {
    var lines: [UInt8] = []
    for record in records {
      var json = JSONText()
      RecordText.write(record, &json)
      lines += json.text.utf8
      lines.append(lineFeed)
    }
    return lines
  }

  private static let lineFeed = UInt8(ascii: "\n")
}
