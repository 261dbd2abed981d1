import EnergyModel
import Testing

@testable import Journal

/// What is stored comes back exactly, and what was never stored is refused.
@Suite struct SegmentFormatTests {
  private static func moment(_ milliseconds: Int64, _ isTrusted: Bool = true) -> Moment {
    Moment(
      wall: Timestamp(milliseconds: milliseconds), monotonic: MonotonicInstant(nanoseconds: 0),
      isClockTrusted: isTrusted)
  }

  private static let samples = [
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
    Sample(
      device: "meter", measured: moment(-5, false), readings: [Reading(.power, quality: .notImplemented)],
      span: .seconds(900)),
  ]

  private static let entries = [
    EntryCoding.Stored(time: Timestamp(milliseconds: 1_782_036_000_000), body: #""kind":"event","text":"ä""#),
    EntryCoding.Stored(time: Timestamp(milliseconds: 1_782_035_000_000), body: ""),
  ]

  @Test func samplesComeBackExactly() throws {
    var shapes = ShapeTable()
    let payload = Payload(Self.samples, shapes: &shapes)
    let records = try payload.records(in: SequenceRange(41, 45), shapes: shapes)
    #expect(records.map(\.seq) == [41, 42, 43, 44, 45])
    #expect(records.map(\.body) == Self.samples.map { .sample($0) })
    #expect(records.map(\.time) == Self.samples.map(\.measured.wall))
  }

  @Test func entriesComeBackExactly() throws {
    let records = try Payload(Self.entries).records(in: SequenceRange(1, 2), shapes: ShapeTable())
    #expect(records.map(\.body) == Self.entries.map { .entry($0.body) })
    #expect(records.map(\.time) == Self.entries.map(\.time))
  }

  @Test(arguments: Point.allCases)
  func everyPointKeepsItsResolution(_ point: Point) throws {
    let values = [0, 1, -1, 0.5, 123.456, -98_765.4321, 1e12].map { $0 * point.resolution }
    let samples = values.map { Sample(device: "d", measured: Self.moment(1), readings: [Reading(point, $0)]) }
    var shapes = ShapeTable()
    let records = try Payload(samples, shapes: &shapes).records(in: SequenceRange(1, 7), shapes: shapes)
    for (record, value) in zip(records, values) {
      guard case .sample(let sample) = record.body, let found = sample.readings[0].value else {
        Issue.record("no value")
        return
      }
      #expect(JSONText.decimal(found, point.decimals) == JSONText.decimal(value, point.decimals))
      #expect(abs(found - value) <= point.resolution / 2 * 1.000_001)
    }
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, 1e300, 5e18])
  func aValueThatNoIntegerHoldsIsMarkedNotZero(_ value: Double) throws {
    let sample = Sample(device: "d", measured: Self.moment(1), readings: [Reading(.power, value)])
    var shapes = ShapeTable()
    let records = try Payload([sample], shapes: &shapes).records(in: SequenceRange(1, 1), shapes: shapes)
    guard case .sample(let found) = records[0].body else {
      Issue.record("no sample")
      return
    }
    #expect(found.readings == [Reading(.power, quality: .outOfRange)])
  }

  @Test func everyTruncationIsRefused() {
    var shapes = ShapeTable()
    let payload = Payload(Self.samples, shapes: &shapes)
    for length in 0..<payload.bytes.count {
      #expect(throws: SegmentDamage.self) {
        try SampleDecoding.decode(Array(payload.bytes.prefix(length)), table: shapes)
      }
    }
    let entries = EntryCoding.encode(Self.entries)
    for length in 0..<entries.count {
      #expect(throws: SegmentDamage.self) { try EntryCoding.decode(Array(entries.prefix(length))) }
    }
  }

  @Test func everyFlippedBitOfAStoredPayloadIsNoticedOrHarmless() throws {
    var shapes = ShapeTable()
    let payload = Payload(Self.samples, shapes: &shapes)
    let whole = try payload.records(in: SequenceRange(1, 5), shapes: shapes)
    for bit in 0..<payload.bytes.count * 8 {
      var flipped = payload
      flipped.bytes[bit / 8] ^= 1 << UInt8(bit % 8)
      // A bit of the frame's header may mean nothing; a record that differs must never come out.
      if let records = try? flipped.records(in: SequenceRange(1, 5), shapes: shapes) { #expect(records == whole) }
    }
  }

  @Test func garbageNeverTraps() {
    var random = SeededGenerator(state: 99)
    let content = EntryCoding.encode(Self.entries)
    for _ in 0..<5000 {
      var garbage = content
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        garbage[Int.random(in: 0..<garbage.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      _ = try? EntryCoding.decode(garbage)
      _ = try? Zstd.decompress(garbage)
    }
    for length in 0..<200 {
      _ = try? EntryCoding.decode((0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
  }

  @Test func aWrongNumberOfRecordsIsRefused() {
    let payload = Payload(Self.entries)
    #expect(throws: SegmentDamage.self) { try payload.records(in: SequenceRange(1, 3), shapes: ShapeTable()) }
  }

  @Test func integersTakeWhatTheyNeed() throws {
    let values: [Int64] = [0, -1, 63, -64, 64, 8191, .max, .min]
    var writer = ByteWriter()
    for value in values { writer.signed(value) }
    #expect(writer.bytes.prefix(4) == [0, 1, 126, 127])
    var reader = ByteReader(writer.bytes)
    for value in values { #expect(try reader.signed() == value) }
    var endless = ByteReader(Array(repeating: 0xFF, count: 20))
    #expect(throws: SegmentDamage.self) { try endless.unsigned() }
  }

  @Test func compressorMakesOneFrame() throws {
    let text = Array(String(repeating: "holdfast ", count: 500).utf8)
    let frame = ZstdCompressor().compress(text)
    #expect(frame.count < text.count / 10)
    #expect(try Zstd.decompress(frame) == text)
    #expect(try Zstd.decompress(ZstdCompressor().compress([])) == [])
  }
}

struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }
}
