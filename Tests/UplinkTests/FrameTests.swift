import EnergyModel
import Foundation
import Testing

@testable import Uplink

/// Golden bytes: what is on the wire cannot be changed once boxes are in the field.
struct FrameTests {
  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private func parsed(_ text: some StringProtocol) throws -> [String: Any] {
    let object = try JSONSerialization.jsonObject(with: Data(text.utf8))
    return try #require(object as? [String: Any])
  }

  private var meterSegment: Segment {
    let measured = Moment(
      wall: Timestamp(milliseconds: 1_763_659_200_123), monotonic: MonotonicInstant(nanoseconds: 0))
    let good = Sample(
      device: "grid-meter", measured: measured,
      readings: [
        Reading(.power, -1520.4), Reading(.voltageL1, 230.06), Reading(.currentL1, 6.5),
        Reading(.frequency, quality: .timeout), Reading(.soc, 55.5, quality: .frozen),
      ])
    var unsynced = good
    unsynced.measured.isClockTrusted = false
    unsynced.readings = [Reading(.energyImport, 12_345_678), Reading(.powerFactor, -0.9995)]
    return Segment(
      epoch: Given.epoch, log: "telemetry", range: SequenceRange(1841, 1842), firstTime: measured.wall,
      lastTime: measured.wall,
      records: [
        Record(seq: 1841, time: measured.wall, body: .sample(good)),
        Record(seq: 1842, time: measured.wall, body: .sample(unsynced)),
      ])
  }

  @Test func telemetryIsWrittenAsTheContractSays() throws {
    let payload = text(SegmentFrame.payload(meterSegment, site: "mill-lane-4"))
    #expect(
      payload
        == #"{"v":1,"site":"mill-lane-4","log":"telemetry","epoch":"0123456789abcdef","first":1841,"last":1842,"records":["#
        + #"{"seq":1841,"t":1763659200123,"device":"grid-meter","#
        + #""values":{"power_w":-1520,"voltage_l1_v":230.1,"current_l1_a":6.5,"soc_percent":55.5},"#
        + #""quality":{"frequency_hz":"timeout","soc_percent":"frozen"}},"#
        + #"{"seq":1842,"t":1763659200123,"device":"grid-meter","#
        + #""values":{"energy_import_wh":12345678,"power_factor":-1},"clock":"unsynced"}]}"#)
    #expect(try parsed(payload)["first"] as? Int == 1841)
  }

  @Test func aDeviceThatIsSilentHasNoValuesAndNeverZero() throws {
    var segment = meterSegment
    let measured = Moment(wall: Timestamp(milliseconds: 5), monotonic: MonotonicInstant(nanoseconds: 0))
    let sample = Sample(
      device: "say \"hi\"", measured: measured,
      readings: [Reading(.power, quality: .timeout), Reading(.frequency, .nan, quality: .stale)])
    segment.records = [Record(seq: 1, time: measured.wall, body: .sample(sample))]
    let payload = text(SegmentFrame.payload(segment, site: "s"))
    #expect(
      payload.contains(
        #"{"seq":1,"t":5,"device":"say \"hi\"","values":{},"quality":{"power_w":"timeout","frequency_hz":"stale"}}"#))
    _ = try parsed(payload)
  }

  @Test func eventsKeepTheFrameAndTheirMembers() throws {
    let payload = text(SegmentFrame.payload(Given.eventSegment(7), site: "mill-lane-4"))
    #expect(
      payload
        == #"{"v":1,"site":"mill-lane-4","log":"events","epoch":"000000000000fedc","first":7,"last":7,"records":["#
        + #"{"seq":7,"t":1782036000000,"kind":"event","name":"started","severity":"info","device":null,"text":"the agent started","data":{}}]}"#
    )
    _ = try parsed(payload)
  }

  @Test func backfillIsLinesOfJSONWithTheHeaderFirst() throws {
    let frame = try #require(
      BackfillFrame([Given.segment(1, 1), Given.segment(2, 3)], site: "mill-lane-4", limit: 64_000))
    #expect(frame.segments == 2)
    #expect(frame.range == SequenceRange(1, 3))
    let record = { (seq: Int) in
      #"{"seq":\#(seq),"t":1782036000000,"device":"grid-meter","values":{"power_w":\#(seq)}}"# + "\n"
    }
    #expect(
      text(frame.lines)
        == #"{"v":1,"site":"mill-lane-4","log":"telemetry","epoch":"0123456789abcdef","first":1,"last":3}"# + "\n"
        + record(1) + record(2) + record(3))
    for line in text(frame.lines).split(separator: "\n") { _ = try parsed(line) }
  }

  @Test func aBackfillFrameHoldsOneContiguousRangeOfOneLog() throws {
    let gap = try #require(BackfillFrame([Given.segment(1, 2), Given.segment(4, 5)], site: "s", limit: 64_000))
    #expect(gap.range == SequenceRange(1, 2))
    let other = Given.segment(3, 5, epoch: Given.eventEpoch)
    let logs = try #require(BackfillFrame([Given.segment(1, 2), other], site: "s", limit: 64_000))
    #expect(logs.range == SequenceRange(1, 2))
    #expect(BackfillFrame([], site: "s", limit: 64_000) == nil)
  }

  @Test func aBackfillFrameStaysWithinItsLimitExceptForOneLargeSegment() throws {
    let segments = (0..<50).map { Given.segment($0 * 10 + 1, $0 * 10 + 10) }
    let frame = try #require(BackfillFrame(segments, site: "s", limit: 4_000))
    #expect(frame.lines.count <= 4_000)
    #expect(frame.segments > 1 && frame.segments < 50)
    let next = try #require(BackfillFrame(Array(segments.dropFirst(frame.segments)), site: "s", limit: 4_000))
    #expect(next.range.first == frame.range.last + 1)
    #expect(try #require(BackfillFrame([Given.segment(1, 500)], site: "s", limit: 4_000)).segments == 1)
  }

  @Test func statusNamesTheLogs() throws {
    let logs = [
      LogState(epoch: Given.epoch, name: "telemetry", kind: .telemetry, held: SequenceRange(5, 9)),
      LogState(epoch: Given.eventEpoch, name: "events", kind: .events, held: nil),
    ]
    let payload = StatusFrame.payload(
      isOnline: true, boot: 12, version: "0.1.0", time: Timestamp(milliseconds: 17), logs: logs)
    #expect(
      text(payload)
        == #"{"online":true,"boot":12,"version":"0.1.0","t":17,"logs":["#
        + #"{"epoch":"0123456789abcdef","name":"telemetry","first":5,"last":9},"#
        + #"{"epoch":"000000000000fedc","name":"events"}]}"#)
    _ = try parsed(text(payload))
  }

  @Test func theWillIsRetainedAndTellsWhenItWasMade() {
    let will = Uplink.will(Given.settings(), boot: 12, at: Timestamp(milliseconds: 17))
    #expect(will.topic == "holdfast/v1/mill-lane-4/status")
    #expect(will.isRetained && will.qualityOfService == 1)
    #expect(text(will.payload) == #"{"online":false,"boot":12,"version":"0.1.0","t":17}"#)
  }

  @Test func aThinnedSegmentSaysSoAndItsRecordsHaveNoSeq() throws {
    let frame = try #require(BackfillFrame([Given.thinned(1, 60), Given.thinned(61, 120)], site: "s", limit: 64_000))
    #expect(frame.segments == 2 && frame.range == SequenceRange(1, 120))
    let record = { (power: Int) in
      #"{"t":1782036000000,"span_ms":60000,"device":"grid-meter","values":{"power_w":\#(power)}}"# + "\n"
    }
    #expect(
      text(frame.lines)
        == #"{"v":1,"site":"s","log":"telemetry","epoch":"0123456789abcdef","first":1,"last":120,"thinned":true}"#
        + "\n" + record(1) + record(61))
  }

  @Test func thinnedAndWholeSegmentsAreNeverInOneFrame() throws {
    let mixed = [Given.segment(1, 2), Given.thinned(3, 60), Given.segment(61, 62)]
    #expect(try #require(BackfillFrame(mixed, site: "s", limit: 64_000)).range == SequenceRange(1, 2))
    let rest = Array(mixed.dropFirst())
    #expect(try #require(BackfillFrame(rest, site: "s", limit: 64_000)).range == SequenceRange(3, 60))
  }
}
