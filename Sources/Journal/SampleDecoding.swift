import EnergyModel

/// Reads samples in format 6, see `SegmentFormat.swift`.
struct SampleDecoding {
  private var reader: BitReader
  private let shapes: [Shape]
  private let grid: SampleGrid

  static func decode(_ bytes: [UInt8], table: ShapeTable) throws(SegmentDamage) -> [Sample] {
    var decoding = try SampleDecoding(bytes, table)
    var samples = try decoding.readTimes()
    let codes = try decoding.readRemarks()
    try decoding.readValues(into: &samples, codes)
    try decoding.reader.finish()
    return samples
  }

  private init(_ bytes: [UInt8], _ table: ShapeTable) throws(SegmentDamage) {
    reader = try BitReader(bytes)
    let count = try reader.count(most: SampleGrid.mostRecords)
    var shapes: [Shape] = []
    for (index, step) in try reader.series(try reader.count(most: count)).enumerated() {
      let number = step &+ Int64(index)
      guard let shape = table.shape(Int(number)) else { throw .malformed("no shape has the number \(number)") }
      shapes.append(shape)
    }
    var shapeOf: [Int] = []
    var shape = -1
    var readings = 0
    for step in try reader.series(count) {
      guard (0..<Int64(shapes.count)).contains(step) else { throw .malformed("a step of \(step) shapes") }
      shape = (shape + 1 + Int(step)) % shapes.count
      shapeOf.append(shape)
      readings += shapes[shape].points.count
    }
    guard readings <= SampleGrid.mostReadings else { throw .malformed("\(readings) readings") }
    self.shapes = shapes
    grid = SampleGrid(shapeOf, widths: shapes.map(\.points.count))
    guard !grid.members.contains(where: \.isEmpty) else { throw .malformed("a shape without records") }
  }

  private mutating func readTimes() throws(SegmentDamage) -> [Sample] {
    var times = [Int64](repeating: 0, count: grid.shapeOf.count)
    var first = try reader.series(1)[0]
    let steps = try reader.series(max(shapes.count - 1, 0))
    for (shape, members) in grid.members.enumerated() {
      if shape > 0 { first = first &+ steps[shape - 1] }
      times[members[0]] = first
    }
    let repeated = grid.members.filter { $0.count > 1 }
    let periods = try reader.series(repeated.count)
    let rest = try reader.column(repeated.reduce(0) { $0 + $1.count - 2 })
    var next = 0
    for (members, period) in zip(repeated, periods) {
      times[members[1]] = times[members[0]] &+ period
      for member in members.indices.dropFirst(2) {
        times[members[member]] = times[members[member - 1]] &+ period &+ rest[next]
        next += 1
      }
    }
    let clocks = try reader.series(times.count)
    let spans = try reader.series(times.count)
    var samples: [Sample] = []
    samples.reserveCapacity(times.count)
    for (record, shape) in grid.shapeOf.enumerated() {
      guard 0...1 ~= clocks[record] else { throw .malformed("a clock of \(clocks[record])") }
      guard 0...Self.longestSpan ~= spans[record] else { throw .malformed("a span of \(spans[record]) ms") }
      let moment = Moment(
        wall: Timestamp(milliseconds: times[record]), monotonic: MonotonicInstant(nanoseconds: 0),
        isClockTrusted: clocks[record] == 0)
      samples.append(
        Sample(
          device: shapes[shape].device, measured: moment, readings: [],
          span: spans[record] == 0 ? nil : .milliseconds(spans[record] - 1)))
    }
    return samples
  }

  /// A year and a day.
  private static let longestSpan: Int64 = 366 * 86_400_000

  /// For each reading, counted through all records; empty where there is nothing to say of any.
  private mutating func readRemarks() throws(SegmentDamage) -> [ReadingCode] {
    let count = try reader.count(most: grid.count)
    guard count > 0 else { return [] }
    let steps = try reader.series(count)
    let numbers = try reader.series(count)
    var codes = [ReadingCode](repeating: .unremarkable, count: grid.count)
    var index = -1
    for (step, number) in zip(steps, numbers) {
      guard (0..<Int64(grid.count - index - 1)).contains(step) else { throw .malformed("a remark beyond the end") }
      index += 1 + Int(step)
      guard let number = UInt64(exactly: number) else { throw .malformed("a quality of \(number)") }
      codes[index] = try ReadingCode(number: number)
    }
    return codes
  }

  private mutating func readValues(into samples: inout [Sample], _ codes: [ReadingCode]) throws(SegmentDamage) {
    var firstReading: [Int] = []
    var next = 0
    for shape in grid.shapeOf {
      firstReading.append(next)
      next += shapes[shape].points.count
    }
    for (shape, members) in zip(shapes, grid.members) {
      for member in members { samples[member].readings.reserveCapacity(shape.points.count) }
      for (column, point) in shape.points.enumerated() {
        let power = ReadingCode.power(of: point)
        if codes.isEmpty {
          for (member, value) in zip(members, try reader.series(members.count)) {
            samples[member].readings.append(Reading(point, Double(value) / power))
          }
          continue
        }
        let marks = members.map { codes[firstReading[$0] + column] }
        var values = try reader.series(marks.count(where: \.hasValue)).makeIterator()
        for (member, mark) in zip(members, marks) {
          let value = mark.hasValue ? values.next().map { Double($0) / power } : nil
          samples[member].readings.append(Reading(point, value, quality: mark.quality))
        }
      }
    }
  }
}
