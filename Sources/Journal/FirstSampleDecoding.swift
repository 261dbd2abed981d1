import EnergyModel

/// Reads samples in formats 1 and 3 to 5, which are no longer written, see `SegmentFormat.swift`.
struct FirstSampleDecoding {
  private var reader: ByteReader
  private let table: ShapeTable
  private var shapes: [Shape] = []
  private var shapeOf: [Int] = []

  static func decode(_ bytes: [UInt8], hasSpans: Bool, table: ShapeTable) throws(SegmentDamage) -> [Sample] {
    var decoding = FirstSampleDecoding(reader: ByteReader(bytes), table: table)
    return try decoding.run(hasSpans: hasSpans)
  }

  private init(reader: ByteReader, table: ShapeTable) {
    self.reader = reader
    self.table = table
  }

  private mutating func run(hasSpans: Bool) throws(SegmentDamage) -> [Sample] {
    let count = try reader.count()
    try readShapes()
    for _ in 0..<count { shapeOf.append(try reader.index(below: shapes.count)) }
    var samples = try readTimes()
    if hasSpans { try readSpans(into: &samples) }
    let remarks = try readRemarks()
    try readColumns(into: &samples, remarks)
    guard reader.remaining == 0 else { throw .malformed("\(reader.remaining) bytes too many") }
    return samples
  }

  private mutating func readShapes() throws(SegmentDamage) {
    for _ in 0..<(try reader.count()) {
      let number = try reader.unsigned()
      guard let known = Int(exactly: number), let shape = table.shape(known) else {
        throw .malformed("no shape has the number \(number)")
      }
      shapes.append(shape)
    }
  }

  private mutating func readTimes() throws(SegmentDamage) -> [Sample] {
    var samples: [Sample] = []
    var time: Int64 = 0
    for shape in shapeOf {
      time = time &+ (try reader.signed())
      let moment = Moment(wall: Timestamp(milliseconds: time), monotonic: MonotonicInstant(nanoseconds: 0))
      samples.append(Sample(device: shapes[shape].device, measured: moment, readings: []))
    }
    var index = 0
    for _ in 0..<(try reader.count()) {
      index += try reader.index(below: samples.count - index)
      samples[index].measured.isClockTrusted = false
    }
    return samples
  }

  private mutating func readSpans(into samples: inout [Sample]) throws(SegmentDamage) {
    var index = 0
    for _ in 0..<(try reader.count()) {
      index += try reader.index(below: samples.count - index)
      let milliseconds = try reader.unsigned()
      guard milliseconds <= 366 * 86_400_000 else { throw .malformed("a span of \(milliseconds) ms") }
      samples[index].span = .milliseconds(Int64(milliseconds))
    }
  }

  /// By the index of the reading, counted through all records.
  private mutating func readRemarks() throws(SegmentDamage) -> [Int: ReadingCode] {
    var total = 0
    for shape in shapeOf {
      let (sum, overflow) = total.addingReportingOverflow(shapes[shape].points.count)
      guard !overflow else { throw .malformed("too many readings") }
      total = sum
    }
    // Every reading has a value or a remark, and each takes a byte.
    guard total <= reader.remaining else { throw .truncated }
    var remarks: [Int: ReadingCode] = [:]
    var index = 0
    for _ in 0..<(try reader.count()) {
      index += try reader.index(below: total - index)
      remarks[index] = try ReadingCode(number: try reader.unsigned())
    }
    return remarks
  }

  private mutating func readColumns(
    into samples: inout [Sample], _ remarks: [Int: ReadingCode]
  ) throws(SegmentDamage) {
    var firstReading: [Int] = []
    var next = 0
    for (index, shape) in shapeOf.enumerated() {
      firstReading.append(next)
      next += shapes[shape].points.count
      samples[index].readings.reserveCapacity(shapes[shape].points.count)
    }
    var members = Array(repeating: [Int](), count: shapes.count)
    for (index, shape) in shapeOf.enumerated() { members[shape].append(index) }
    for (shape, members) in zip(shapes, members) {
      for (column, point) in shape.points.enumerated() {
        var scaled: Int64 = 0
        for member in members {
          let remark = remarks[firstReading[member] + column]
          if remark?.hasValue ?? true {
            scaled = scaled &+ (try reader.signed())
            let value = ReadingCode.value(scaled, of: point)
            samples[member].readings.append(Reading(point, value, quality: remark?.quality ?? .good))
          } else {
            samples[member].readings.append(Reading(point, nil, quality: remark?.quality ?? .good))
          }
        }
      }
    }
  }
}
