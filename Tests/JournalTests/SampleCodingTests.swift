import EnergyModel
import Testing

@testable import Journal

/// The bits of the samples: whatever was put in comes out, and whatever else is read is refused.
@Suite struct SampleCodingTests {
  private static func sample(
    _ device: DeviceID, at milliseconds: Int64, _ readings: [Reading], span: Duration? = nil, isTrusted: Bool = true
  ) -> Sample {
    let moment = Moment(
      wall: Timestamp(milliseconds: milliseconds), monotonic: MonotonicInstant(nanoseconds: 0),
      isClockTrusted: isTrusted)
    return Sample(device: device, measured: moment, readings: readings, span: span)
  }

  /// Bytes with the checksum that belongs to them, so that the decoder itself is asked.
  private static func checked(_ body: some Collection<UInt8>) -> [UInt8] {
    let crc = Checksum.crc32(Array(body))
    return Array(body) + (0..<4).map { UInt8(truncatingIfNeeded: crc >> (8 * $0)) }
  }

  /// Anything that a journal could be given, and much that it never will be.
  private static func anything(_ random: inout SeededGenerator) -> [Sample] {
    let qualities: [Quality] = [.good, .good, .good, .timeout, .exception, .frozen, .stale]
    let shapes = (0..<Int.random(in: 1...6, using: &random)).map { number in
      (
        DeviceID("device-\(number)"),
        Point.allCases.shuffled(using: &random).prefix(.random(in: 0...24, using: &random))
      )
    }
    let spread = [0, 1, 100, 1 << 20, 1 << 50].randomElement(using: &random) ?? 0
    let jitter = ([0, 30, 1 << 62] as [Int64]).randomElement(using: &random) ?? 0
    let isFaulty = Bool.random(using: &random)
    return (0..<Int.random(in: 0...60, using: &random)).map { index in
      let (device, points) = shapes[isFaulty ? .random(in: shapes.indices, using: &random) : index % shapes.count]
      let readings = points.map { point in
        let scaled = Int.random(in: -spread...spread, using: &random)
        let quality = isFaulty ? qualities.randomElement(using: &random) ?? .good : .good
        let hasValue = [.good, .frozen, .stale].contains(quality)
        return Reading(point, hasValue ? Double(scaled) / ReadingCode.power(of: point) : nil, quality: quality)
      }
      return sample(
        device, at: 1_782_036_000_000 &+ Int64(index) * 1000 &+ Int64.random(in: -jitter...jitter, using: &random),
        readings, span: isFaulty && Bool.random(using: &random) ? .milliseconds(index * 1000) : nil,
        isTrusted: !isFaulty || Bool.random(using: &random))
    }
  }

  @Test func anythingComesBackExactly() throws {
    var random = SeededGenerator(state: 4)
    var shapes = ShapeTable()
    for _ in 0..<600 {
      let samples = Self.anything(&random)
      let bytes = SampleEncoding.encode(samples, table: &shapes)
      #expect(try SampleDecoding.decode(bytes, table: shapes) == samples)
    }
  }

  /// With the right checksum the decoder sees whatever it is given; it may answer or refuse, never trap.
  @Test func changedBytesNeverTrap() {
    var random = SeededGenerator(state: 5)
    var shapes = ShapeTable()
    var refused = 0
    for _ in 0..<300 {
      let body = SampleEncoding.encode(Self.anything(&random), table: &shapes).dropLast(4)
      for _ in 0..<20 {
        var garbage = Array(body)
        for _ in 0..<Int.random(in: 1...6, using: &random) {
          garbage[Int.random(in: 0..<garbage.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        if (try? SampleDecoding.decode(Self.checked(garbage), table: shapes)) == nil { refused += 1 }
        let shorter = garbage.prefix(Int.random(in: 0..<garbage.count, using: &random))
        _ = try? SampleDecoding.decode(Self.checked(shorter), table: shapes)
      }
    }
    #expect(refused > 3000)
  }

  @Test func noiseNeverTraps() {
    var random = SeededGenerator(state: 6)
    var shapes = ShapeTable()
    for number in 0..<64 { _ = shapes.number(of: Shape(device: DeviceID("d\(number)"), points: Point.allCases)) }
    for length in 0..<2000 {
      let noise = (0..<length % 200).map { _ in UInt8.random(in: 0...255, using: &random) & UInt8(length % 256) }
      _ = try? SampleDecoding.decode(Self.checked(noise), table: shapes)
    }
  }

  @Test func moreRecordsOrReadingsThanMayBeAreRefusedBeforeTheyTakeMemory() {
    var shapes = ShapeTable()
    let wide = shapes.number(of: Shape(device: "wide", points: Point.allCases))
    for count in [SampleGrid.mostRecords + 1, .max] {
      var writer = BitWriter()
      writer.count(count)
      #expect(throws: SegmentDamage.malformed("\(count) things where 65536 may be")) {
        try SampleDecoding.decode(writer.finished(), table: shapes)
      }
    }
    // Records of nothing but constants take no bits, so only the limit stands against them.
    var writer = BitWriter()
    writer.count(SampleGrid.mostRecords)
    writer.count(1)
    writer.series([Int64(wide)])
    writer.series([Int64](repeating: 0, count: SampleGrid.mostRecords))
    let readings = SampleGrid.mostRecords * Point.allCases.count
    #expect(throws: SegmentDamage.malformed("\(readings) readings")) {
      try SampleDecoding.decode(writer.finished(), table: shapes)
    }
  }

  @Test func whatNeverChangesCostsNoBitsARecord() {
    var shapes = ShapeTable()
    func bytes(_ count: Int) -> Int {
      let samples = (0..<count).map { index in
        Self.sample("meter", at: 1_782_036_000_000 + Int64(index) * 1000, [Reading(.power, 1520), Reading(.soc, 55.5)])
      }
      return SampleEncoding.encode(samples, table: &shapes).count
    }
    #expect(bytes(2) <= 32)
    #expect(bytes(256) <= bytes(2) + 8)
  }

  /// Fifty voltages tremble around the same value: only the first is written as a whole.
  @Test func likeDevicesShareWhatTheyHaveInCommon() {
    func bytes(_ count: Int) -> Int {
      var shapes = ShapeTable()
      let samples = (0..<count).map { number in
        Self.sample(
          DeviceID("device-\(number)"), at: 1_782_036_000_000 + Int64(number) * 7,
          [Reading(.voltageL1, 230 + Double(number % 3) / 10), Reading(.energyImport, 12_000_000)])
      }
      return SampleEncoding.encode(samples, table: &shapes).count
    }
    #expect(bytes(50) - bytes(1) < 50)
  }

  @Test func aLogOfOneDeviceThatFailsStaysSmall() {
    var shapes = ShapeTable()
    let samples = (0..<256).map { index in
      Self.sample(
        "meter", at: 1_782_036_000_000 + Int64(index) * 1000,
        Point.allCases.prefix(20).map { Reading($0, quality: .timeout) })
    }
    #expect(SampleEncoding.encode(samples, table: &shapes).count < 100)
  }

  @Test func integersOfEveryLengthComeBack() throws {
    var values: [UInt64] = [0, 1, .max, 1 << 62 - 1, 1 << 62, 1 << 63]
    for length in 0..<64 { values += [1 << UInt64(length), (1 << UInt64(length)) - 1] }
    for offset in 0..<8 {
      var writer = BitWriter()
      writer.bits(0, offset)
      for value in values {
        writer.magnitude(value)
        writer.bits(value, 64)
      }
      var reader = try BitReader(writer.finished())
      _ = try reader.bits(offset)
      for value in values {
        #expect(try reader.magnitude() == value)
        #expect(try reader.bits(64) == value)
      }
      try reader.finish()
    }
  }

  @Test(
    arguments: [
      [], [0], [0, 0, 0], [7], [-1, 0, 1], [.max, .min, 0, 0, 0, 0], [1 << 40, 3, 2, 1],
      Array(repeating: .min, count: 99),
      Array(-50...50),
    ] as [[Int64]])
  func columnsAndSeriesComeBack(_ values: [Int64]) throws {
    var writer = BitWriter()
    writer.column(values)
    writer.series(values)
    var reader = try BitReader(writer.finished())
    #expect(try reader.column(values.count) == values)
    #expect(try reader.series(values.count) == values)
    try reader.finish()
  }

  @Test func theChecksumIsTheWellKnownOne() {
    #expect(Checksum.crc32(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(Checksum.crc32([UInt8]()) == 0)
  }

  @Test func shapesAreFoundInWhateverOrderDevicesCome() {
    var shapes = ShapeTable()
    func number(_ device: DeviceID, _ points: [Point], after before: Int) -> Int {
      shapes.number(of: Self.sample(device, at: 0, points.map { Reading($0, 1) }), after: before)
    }
    let meter = number("meter", [.power, .frequency], after: 0)
    let hybrid = number("hybrid", [.power, .frequency], after: meter)
    let swapped = number("hybrid", [.frequency, .power], after: hybrid)
    #expect(Set([meter, hybrid, swapped]).count == 3)
    #expect(number("hybrid", [.power, .frequency], after: meter) == hybrid)
    #expect(number("hybrid", [.frequency, .power], after: meter) == swapped)
    #expect(number("hybrid", [.power, .frequency], after: meter) == hybrid)
    #expect(number("hybrid", [.power], after: meter) != hybrid)
    #expect(number("meter", [.power, .frequency], after: meter) == meter)
    #expect(number("hybrid", [.power, .frequency], after: meter) == hybrid)
  }

  /// Scaling is on the way of every value and does without the library's rounding.
  @Test func valuesAreRoundedAsTheLibraryDoes() {
    var random = SeededGenerator(state: 5)
    let halves = [0, 0.5, 0.49999999999999994, 1.5, 2.5, 4503599627370495.5, 4503599627370497, 9e15, 3.9e18]
    let others = (0..<10_000).map { _ -> Double in
      let part: Double = [1, 2, 4, 20, 2000].randomElement(using: &random) ?? 1
      return (Double.random(in: -1...1, using: &random) * 1e6).rounded(.down) / part
    }
    for value in halves + halves.map(-) + others {
      for power in [1.0, 10, 100, 1000] where (value * power).magnitude < 4e18 {
        #expect(ReadingCode.scaled(value, power: power) == Int64((value * power).rounded()))
      }
    }
    for value in [Double.nan, .infinity, -.infinity, 4e18, -4e18] {
      #expect(ReadingCode.scaled(value, power: 1) == nil)
    }
  }
}
