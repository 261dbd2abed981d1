import EnergyModel
import Foundation
import Journal
import Testing

@testable import Receiver

@Suite struct SiteMessageTests {
  private func segment(_ message: IncomingMessage) throws -> ReceivedSegment? {
    guard case .segment(let segment) = try SiteMessage(topic: message.topic, payload: message.payload).content else {
      return nil
    }
    return segment
  }

  private func refusal(_ topic: String, _ text: String) -> String? {
    do {
      _ = try SiteMessage(topic: topic, payload: Array(text.utf8))
      return nil
    } catch { return "\(error)" }
  }

  @Test func aFrameOfTheUplinkIsReadAsItWasWritten() throws {
    let live = try #require(try segment(Given.telemetry(Given.segment(5, 7))))
    #expect(live.log == "telemetry" && live.epoch == Given.epoch && live.range == SequenceRange(5, 7))
    #expect(live.records.map(\.seq) == [5, 6, 7])
    // Values keep the digits they were written with.
    #expect(
      live.records[0].body
        == #"{"device":"grid/meter","quality":{"frequency_hz":"timeout"},"seq":5,"t":1782036005000,"values":{"power_w":5,"voltage_l1_v":230.1}}"#
    )
  }

  /// A record is the same text whichever way it came; otherwise every replay would look like a contradiction.
  @Test func bothWaysGiveTheSameRecords() throws {
    let live = try segment(Given.telemetry(Given.segment(5, 7)))
    let old = try segment(try Given.backfill(Given.segment(5, 6), Given.segment(7, 7)))
    #expect(live?.records == old?.records)
    #expect(live?.range == old?.range)
  }

  @Test func gapRecordsAreUnderstood() throws {
    #expect(
      try segment(Given.telemetry(Given.gap(1, 3, 9)))?.records[0].gap
        == .records(epoch: Given.epoch, SequenceRange(3, 9)))
    #expect(
      try segment(Given.telemetry(Given.lostTime(2)))?.records[0].gap
        == .time(
          epoch: Given.epoch, from: Timestamp(milliseconds: 5), to: Timestamp(milliseconds: 9), cause: "crash"))
  }

  @Test func whatIsNotTheContractIsRefusedAsAWhole() throws {
    let right = String(decoding: Given.telemetry(Given.segment(5, 7)).payload, as: UTF8.self)
    let topic = "holdfast/v1/mill/telemetry"
    #expect(refusal(topic, right) == nil)
    for (old, new, reason) in [
      (#""v":1"#, #""v":2"#, "another version of the contract"),
      (#""site":"mill""#, #""site":"x""#, "the topic names another site"),
      (#""first":5"#, #""first":4"#, "the records are not first…last"),
      (#""seq":6"#, #""seq":7"#, "the records are not first…last"),
      (#""first":5"#, #""first":9"#, "a range runs downwards"),
      (#""first":5"#, #""first":-5"#, "first is no sequence number"),
      (#""first":5"#, #""first":5.5"#, "first is no integer"),
      (#""last":7"#, #""last":18446744073709551615"#, "last is no integer"),
      ("0123456789abcdef", "0123456789ABCDEF", "epoch is no epoch"), ("]}", "]", "not a JSON object"),
      (#""records":["#, #""records":[5,"#, "records is no list of objects"),
    ] { #expect(refusal(topic, right.replacing(old, with: new)) == reason, "\(old) → \(new)") }
    #expect(refusal("holdfast/v1/mill/other", right) == "unknown topic")
    #expect(refusal("holdfast/v2/mill/telemetry", right) == "unknown topic")
    #expect(refusal("holdfast/v1/mill/backfill", right) == "not one zstd frame")
  }

  @Test func aDamagedFrameIsRefused() throws {
    let payload = try Given.backfill(Given.segment(1, 200)).payload
    for length in stride(from: 0, to: payload.count, by: 7) {
      #expect(throws: Unreadable.self) {
        try SiteMessage(topic: "holdfast/v1/mill/backfill", payload: Array(payload.prefix(length)))
      }
    }
    #expect(throws: Unreadable("not one zstd frame")) {
      try SiteMessage(topic: "holdfast/v1/mill/backfill", payload: payload + payload)
    }
  }

  private func thinned(lines: Int, _ line: String) -> [UInt8] {
    let header = #"{"v":1,"site":"mill","log":"telemetry","epoch":"\#(Given.epoch)","first":1,"last":9,"thinned":true}"#
    return ZstdCompressor().compress(Array((header + "\n" + String(repeating: line + "\n", count: lines)).utf8))
  }

  /// A kilobyte may unpack to millions of lines, of which each would be an object.
  @Test func aFrameThatUnpacksToTooMuchIsRefused() throws {
    func refusal(_ payload: [UInt8]) -> String? {
      do {
        _ = try SiteMessage(topic: "holdfast/v1/mill/backfill", payload: payload)
        return nil
      } catch { return "\(error)" }
    }
    let many = thinned(lines: 1_500_000, #"{"t":1}"#)
    #expect(many.count < 10_000)
    #expect(refusal(many) == "a frame of more than 65536 lines")
    // Empty ones are none, and take room as well while the frame is split.
    #expect(refusal(thinned(lines: 1_500_000, "")) == "a frame of more than 65536 lines")
    #expect(refusal(thinned(lines: 3_000_000, #"{"t":1}"#)) == "a frame without a plausible size")
    #expect(refusal(thinned(lines: 1, String(repeating: " ", count: 5 << 20))) == "more than 4 MiB of JSON")
    // What a site may send is far below.
    #expect(refusal(thinned(lines: 65_535, #"{"t":1}"#)) == nil)
  }

  /// The order of the members is not the content, nor is the way a number was written down before.
  @Test func theSameContentIsTheSameText() throws {
    let header = #""v":1,"site":"mill","log":"events","epoch":"\#(Given.epoch)","first":1,"last":1"#
    let body = #"{"t":17636592,"seq":1,"data":{"b":[1,-2.5,null,{"z":true,"y":false}],"a":"q\"\\/\u0001ü"},"n":1}"#
    let sorted = #"{"data":{"a":"q\"\\/\u0001ü","b":[1,-2.5,null,{"y":false,"z":true}]},"n":1,"seq":1,"t":17636592}"#
    let message = Given.message("events", Array("{\(header),\"records\":[\(body)]}".utf8))
    #expect(try segment(message)?.records[0].body == sorted)
  }
}
