import EnergyModel

/// The `telemetry` and `events` payload: one segment as one JSON object.
enum SegmentFrame {
  static func payload(_ segment: Segment, site: String) -> [UInt8] {
    var json = JSONText()
    json.object { json in
      header(segment, range: segment.range, site: site, &json)
      json.key("records")
      json.array { json in
        for record in segment.records { RecordText.write(record, &json) }
      }
    }
    return json.bytes
  }

  /// The members before `records`; a backfill frame has the same ones with a range over its whole.
  static func header(_ segment: Segment, range: SequenceRange, site: String, _ json: inout JSONText) {
    json.member("v", 1)
    json.member("site", site)
    json.member("log", segment.log)
    json.member("epoch", segment.epoch.description)
    json.member("first", range.first)
    json.member("last", range.last)
    // The records stand for the whole range, but none of them for one seq of it.
    if segment.isThinned { json.member("thinned", true) }
  }
}
