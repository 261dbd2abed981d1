public import EnergyModel

/// One record as the wire contract writes it.
public enum RecordText {
  /// Writes the record as one JSON object.
  public static func write(_ record: Record, _ json: inout JSONText) {
    json.object { json in
      // A record of a thinned segment has none.
      if let seq = record.seq { json.member("seq", seq) }
      json.member("t", record.time.milliseconds)
      switch record.body {
      case .sample(let sample):
        if let span = sample.span { json.member("span_ms", span.milliseconds) }
        write(sample, &json)
      // The journal fixed these members when it accepted the entry; they are passed on untouched.
      case .entry(let members) where members.isEmpty: break
      case .entry(let members): json.raw(members)
      }
    }
  }

  /// `values` holds a point only where there is a value, `quality` only where it is not good, and a
  /// record says `"clock":"unsynced"` only where nobody vouched for the wall clock.
  private static func write(_ sample: Sample, _ json: inout JSONText) {
    json.member("device", sample.device.name)
    json.key("values")
    json.object { json in
      for reading in sample.readings {
        guard let value = reading.value, value.isFinite else { continue }
        json.member(reading.point.rawValue, value, decimals: reading.point.decimals)
      }
    }
    let remarks = sample.readings.filter { $0.quality != .good }
    if !remarks.isEmpty {
      json.key("quality")
      json.object { json in
        for reading in remarks { json.member(reading.point.rawValue, reading.quality.rawValue) }
      }
    }
    if !sample.measured.isClockTrusted { json.member("clock", "unsynced") }
  }
}
