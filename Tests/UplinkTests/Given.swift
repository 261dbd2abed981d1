import EnergyModel

@testable import Uplink

/// What the tests of this target are given to work with.
enum Given {
  static let epoch = Epoch(number: 0x0123_4567_89ab_cdef)
  static let eventEpoch = Epoch(number: 0xfedc)
  static let start = Moment(
    wall: Timestamp(milliseconds: 1_782_036_000_000), monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000))

  /// Summer time from 2026-03-29T01:00Z to 2026-10-25T01:00Z.
  static let berlin = TimeZoneTable(
    name: "Europe/Berlin", initialOffset: .seconds(3600),
    transitions: [
      .init(at: Timestamp(milliseconds: 1_774_746_000_000), offset: .seconds(7200)),
      .init(at: Timestamp(milliseconds: 1_792_890_000_000), offset: .seconds(3600)),
    ])

  static func settings(
    destination: DestinationID = "vpp", delay: Duration = .zero, rate: Int = 1_000_000, inFlight: Int = 128_000,
    frame: Int = 64_000, acknowledgedBy: Acknowledgement = .broker, monthlyData: Int? = nil
  ) -> UplinkSettings {
    UplinkSettings(
      destination: destination, site: "mill-lane-4", version: "0.1.0", backfillStartDelay: delay...delay,
      backfillBytesPerSecond: rate, inFlightBytes: inFlight, backfillFrameBytes: frame,
      acknowledgedBy: acknowledgedBy, monthlyData: monthlyData)
  }

  /// A segment that one record of a minute's mean stands for.
  static func thinned(_ first: UInt64, _ last: UInt64, age: Duration = .zero) -> Segment {
    var segment = segment(first, first, age: age)
    guard case .sample(var sample) = segment.records[0].body else { return segment }
    sample.span = .seconds(60)
    segment.records = [Record(seq: nil, time: segment.firstTime, body: .sample(sample))]
    segment.range = SequenceRange(first, last)
    segment.isThinned = true
    return segment
  }

  /// A telemetry segment with one record of one value a seq, all measured `age` before ``start``.
  static func segment(_ first: UInt64, _ last: UInt64, age: Duration = .zero, epoch: Epoch = epoch) -> Segment {
    let measured = Moment(wall: start.wall - age, monotonic: start.monotonic - age)
    let records = (first...last).map { seq in
      Record(
        seq: seq, time: measured.wall,
        body: .sample(Sample(device: "grid-meter", measured: measured, readings: [Reading(.power, Double(seq))])))
    }
    return Segment(
      epoch: epoch, log: "telemetry", range: SequenceRange(first, last), firstTime: measured.wall,
      lastTime: measured.wall, records: records)
  }

  static func eventSegment(_ seq: UInt64, age: Duration = .zero) -> Segment {
    let time = start.wall - age
    let members =
      #""kind":"event","name":"started","severity":"info","device":null,"text":"the agent started","data":{}"#
    return Segment(
      epoch: eventEpoch, log: "events", range: SequenceRange(seq, seq), firstTime: time, lastTime: time,
      records: [Record(seq: seq, time: time, body: .entry(members))])
  }
}
