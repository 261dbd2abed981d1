import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Uplink

/// The schemas accept what the contract says and nothing else.
@Suite struct SchemaTests {
  private typealias Message = (topic: String, payload: [UInt8])

  private static let epoch = "0123456789abcdef"
  private static let record = #"{"seq":1,"t":5,"device":"meter","values":{"power_w":1}}"#
  private static let event =
    #"{"seq":1,"t":5,"kind":"event","name":"a-b","severity":"info","device":null,"text":"","data":{}}"#
  private static let gap =
    #"{"seq":1,"t":5,"kind":"gap","epoch":"0123456789abcdef","first":1,"last":2,"cause":"budget"}"#
  private static let status =
    #"{"online":true,"boot":1,"version":"1","t":5,"logs":[{"epoch":"0123456789abcdef","name":"a"}]}"#

  private static func frame(_ log: String, _ record: String, first: Int = 1, last: Int = 1) -> String {
    #"{"v":1,"site":"s","log":"\#(log)","epoch":"\#(epoch)","first":\#(first),"last":\#(last),"records":[\#(record)]}"#
  }

  private static func lines(_ header: String, _ records: String...) -> String {
    ([#"{"v":1,"site":"s","epoch":"\#(epoch)","first":1,"last":1,\#(header)}"#] + records).joined(separator: "\n")
      + "\n"
  }

  private func problem(_ leaf: String, _ text: String) throws -> String? {
    let message = (topic: "holdfast/v1/s/\(leaf)", payload: Array(text.utf8))
    return try SchemaCheck.problem(in: [message], hasPlainBackfill: true)
  }

  @Test func whatTheUplinkWritesIsRight() throws {
    let at = Moment(
      wall: Timestamp(milliseconds: 5), monotonic: MonotonicInstant(nanoseconds: 0), isClockTrusted: false)
    let readings = Point.allCases.map { Reading($0, 1) }
    let odd = [
      Reading(.power, quality: .timeout), Reading(.frequency, .nan, quality: .stale),
      Reading(.soc, 5, quality: .frozen),
    ]
    let samples = [
      Sample(device: "say \"hi\"", measured: at, readings: readings), Sample(device: "é", measured: at, readings: odd),
      Sample(device: "mean", measured: at, readings: readings, span: .seconds(60)),
    ]
    let records = samples.enumerated().map { Record(seq: UInt64($0) + 1, time: at.wall, body: .sample($1)) }
    let segment = Segment(
      epoch: Given.epoch, log: "telemetry", range: SequenceRange(1, 3), firstTime: at.wall, lastTime: at.wall,
      records: records)
    let backfill = try #require(BackfillFrame([segment], site: "s", limit: 64_000)).lines
    let status = StatusFrame.payload(isOnline: false, boot: 1, version: "1", time: at.wall, logs: nil)
    let problem = try SchemaCheck.problem(
      in: [
        ("holdfast/v1/s/telemetry", SegmentFrame.payload(segment, site: "s")), ("holdfast/v1/s/backfill", backfill),
        ("holdfast/v1/s/events", SegmentFrame.payload(Given.eventSegment(7), site: "s")),
        ("holdfast/v1/s/status", status),
      ], hasPlainBackfill: true)
    #expect(problem == nil, "\(problem ?? "")")
  }

  @Test func theBasesOfTheBrokenOnesAreRight() throws {
    #expect(try problem("telemetry", Self.frame("telemetry", Self.record)) == nil)
    #expect(try problem("events", Self.frame("events", Self.event)) == nil)
    #expect(try problem("events", Self.frame("events", Self.gap)) == nil)
    #expect(try problem("backfill", Self.lines(#""log":"telemetry""#, Self.record)) == nil)
    #expect(
      try problem(
        "backfill",
        Self.lines(
          #""log":"telemetry","thinned":true"#, #"{"t":5,"span_ms":60000,"device":"meter","values":{"power_w":1}}"#))
        == nil)
    #expect(try problem("status", Self.status) == nil)
    #expect(try problem("replay", #"{"epoch":"0123456789abcdef","ranges":[[1,1],[3,9]]}"#) == nil)
  }

  /// What is replaced in a right payload, by what, to make it wrong.
  @Test(arguments: [
    (#""v":1"#, #""v":2"#), (#""site":"s""#, #""site":"t""#), (#""site":"s""#, #""site":"s","more":1"#),
    (#""log":"telemetry""#, #""log":"events""#), ("0123456789abcdef", "0123456789ABCDEF"), ("0123456789abcdef", "123"),
    (#""first":1"#, #""first":0"#), (#""last":1"#, #""last":2"#), (#""seq":1"#, #""seq":2"#), (#""seq":1,"#, ""),
    (#""t":5"#, #""t":5.5"#), (#""t":5,"#, ""), (#""power_w":1"#, #""power_w":null"#),
    (#""power_w":1"#, #""power_kw":1"#),
    (#""power_w":1"#, #""power_w":NaN"#), (#""power_w":1"#, #""power_w":1,"power_w":2"#),
    (#""power_w":1}"#, #""power_w":1},"quality":{"soc_percent":"good"}"#),
    (#""power_w":1}"#, #""power_w":1},"quality":{}"#), (#""power_w":1}"#, #""power_w":1},"clock":"synced""#),
    (#""device":"meter","#, ""), (#""device""#, #""span_ms":0,"device""#), ("[{", "[]}"), ("]}", "]"),
  ])
  func brokenTelemetryIsRefused(_ old: String, _ new: String) throws {
    let right = Self.frame("telemetry", Self.record)
    #expect(right.contains(old))
    #expect(try problem("telemetry", right.replacing(old, with: new)) != nil)
  }

  @Test func brokenEventsStatusAndRequestsAreRefused() throws {
    for (old, new) in [
      (#""severity":"info""#, #""severity":"fatal""#), (#""device":null,"#, ""),
      (#""kind":"event""#, #""kind":"other""#),
      (#""name":"a-b""#, #""name":"A b""#), (#""data":{}"#, #""data":{"x":[1]}"#),
      (#""log":"events""#, #""log":"telemetry""#),
    ] {
      let broken = Self.frame("events", Self.event).replacing(old, with: new)
      #expect(try problem("events", broken) != nil, "\(broken)")
    }
    for (old, new) in [(#","last":2"#, ""), (#","cause":"budget""#, ""), (#""last":2"#, #""last":2,"from":1,"to":2"#)] {
      let broken = Self.frame("events", Self.gap.replacing(old, with: new))
      #expect(try problem("events", broken) != nil, "\(broken)")
    }
    for (old, new) in [
      (#""online":true"#, #""online":1"#), (#""boot":1,"#, ""), (#","logs""#, #","log""#),
      (#""name":"a""#, #""name":"a","first":1"#), (#""t":5"#, #""t":"5""#),
    ] {
      let broken = Self.status.replacing(old, with: new)
      #expect(try problem("status", broken) != nil, "\(broken)")
    }
    for ranges in ["[]", "[[1]]", "[[1,2,3]]", "[[2,1]]", "[[0,1]]", "[1,2]", "[[1.5,2]]"] {
      #expect(try problem("ack", #"{"epoch":"0123456789abcdef","ranges":\#(ranges)}"#) != nil, "\(ranges)")
    }
  }

  @Test func brokenBackfillIsRefused() throws {
    let thin = #"{"t":5,"span_ms":60000,"device":"meter","values":{"power_w":1}}"#
    for broken in [
      Self.lines(#""log":"telemetry""#), Self.lines(#""log":"telemetry""#, thin),
      Self.lines(#""log":"telemetry","thinned":true"#, Self.record), Self.lines(#""log":"events""#, Self.record),
      Self.lines(#""log":"telemetry","thinned":false"#, Self.record),
      String(Self.lines(#""log":"telemetry""#, Self.record).dropLast()), "",
    ] { #expect(try problem("backfill", broken) != nil, "\(broken)") }
    // Without the option it has to be a zstd frame.
    let plain = Array(Self.lines(#""log":"telemetry""#, Self.record).utf8)
    #expect(try SchemaCheck.problem(in: [("holdfast/v1/s/backfill", plain)]) != nil)
    #expect(try problem("unheard-of", "{}") != nil)
  }
}
