import EnergyModel
import Testing

@testable import Journal

/// Segments that were written before format 6 came are read for as long as somebody has them.
@Suite struct FirstFormatsTests {
  private static func moment(_ milliseconds: Int64, _ isTrusted: Bool = true) -> Moment {
    Moment(
      wall: Timestamp(milliseconds: milliseconds), monotonic: MonotonicInstant(nanoseconds: 0),
      isClockTrusted: isTrusted)
  }

  private static func samples(spans: [Duration?]) -> [Sample] {
    var samples = [
      Sample(
        device: "meter", measured: moment(1_782_036_000_123),
        readings: [
          Reading(.power, -1520), Reading(.frequency, quality: .timeout), Reading(.voltageL1, 230.1),
          Reading(.energyImport, 123_456_789),
        ]),
      Sample(
        device: "hybrid", measured: moment(1_782_036_000_100, false),
        readings: [Reading(.soc, 55.5, quality: .stale), Reading(.powerFactor, -0.987)]),
      Sample(
        device: "meter", measured: moment(1_782_036_001_123),
        readings: [
          Reading(.power, 0, quality: .frozen), Reading(.frequency, 49.98), Reading(.voltageL1, quality: .exception),
          Reading(.energyImport, 123_456_790),
        ]),
      Sample(device: "empty", measured: moment(0), readings: []),
      Sample(device: "meter", measured: moment(-5, false), readings: [Reading(.power, quality: .notImplemented)]),
    ]
    for (index, span) in spans.enumerated() { samples[index].span = span }
    return samples
  }

  /// As the table `shape` had them when the bytes below were written.
  private static let shapes = {
    var shapes = ShapeTable()
    shapes.adopt(1, device: "meter", points: "power_w,frequency_hz,voltage_l1_v,energy_import_wh")
    shapes.adopt(2, device: "hybrid", points: "soc_percent,power_factor")
    shapes.adopt(3, device: "empty", points: "")
    shapes.adopt(4, device: "meter", points: "power_w")
    return shapes
  }()

  private static func bytes(_ hexadecimal: String) -> [UInt8] {
    let digits = Array(hexadecimal)
    return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
  }

  private static let momentary = bytes(
    "28b52ffd243ad101000504010203040001000203f6b5fb99dd672dfe0fc5c5fb99dd67090201030501010316021502020203df17e0178c4efa"
      + "23aab4de7502d608b50f66a79b5d")
  private static let spanned = bytes(
    "28b52ffd24410902000504010203040001000203f6b5fb99dd672dfe0fc5c5fb99dd67090201030201e0d40301010501010316021502020203"
      + "df17e0178c4efa23aab4de7502d608b50f15ce4f8b")

  @Test func momentsAreRead() throws {
    let records = try Payload(format: .firstSamples, bytes: Self.momentary)
      .records(in: SequenceRange(41, 45), shapes: Self.shapes)
    #expect(records.map(\.seq) == [41, 42, 43, 44, 45])
    #expect(records.map(\.body) == Self.samples(spans: []).map { .sample($0) })
  }

  @Test(
    arguments: [
      (3, [41, 42, 43, 44, 45]), (4, [nil, nil, nil, nil, nil]), (5, [nil, nil, nil, nil, nil]),
    ] as [(Int64, [UInt64?])])
  func intervalsAreRead(_ number: Int64, _ seqs: [UInt64?]) throws {
    let format = try #require(SegmentFormat(rawValue: number))
    let records = try Payload(format: format, bytes: Self.spanned)
      .records(in: SequenceRange(41, 45), shapes: Self.shapes)
    #expect(records.map(\.seq) == seqs)
    #expect(
      records.map(\.body) == Self.samples(spans: [nil, .seconds(60), .milliseconds(1)]).map { .sample($0) })
  }

  /// Past the checksum the decoder sees whatever it is given; it may answer or refuse, never trap.
  @Test func garbageNeverTraps() throws {
    let content = try Zstd.decompress(Self.spanned)
    var random = SeededGenerator(state: 99)
    var refused = 0
    for _ in 0..<5000 {
      var garbage = content
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        garbage[Int.random(in: 0..<garbage.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if (try? FirstSampleDecoding.decode(garbage, hasSpans: true, table: Self.shapes)) == nil { refused += 1 }
    }
    #expect(refused > 100)
    for length in 0..<content.count {
      #expect(throws: SegmentDamage.self) {
        try FirstSampleDecoding.decode(Array(content.prefix(length)), hasSpans: true, table: Self.shapes)
      }
    }
  }
}
