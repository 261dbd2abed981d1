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
    let cells = try decoding.readValues(codes)
    try decoding.reader.finish()
    decoding.add(cells, codes, to: &samples)
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
    grid = SampleGrid(shapeOf, points: shapes.map(\.points))
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

  private mutating func readValues(_ codes: [ReadingCode]) throws(SegmentDamage) -> [Int64] {
    var cells = [Int64](repeating: 0, count: grid.count)
    if !codes.isEmpty {
      forEachReading { _, _, index, cell in if !codes[index].hasValue { cells[cell] = SampleGrid.absent } }
    }
    for columns in grid.columns {
      var (firstCount, restCount) = (0, 0)
      for column in columns {
        let values = cells[column].count { $0 != SampleGrid.absent }
        firstCount += min(values, 1)
        restCount += max(values - 1, 0)
      }
      var firsts = try reader.series(firstCount)[...]
      var rest = try reader.column(restCount)[...]
      for column in columns {
        var before: Int64?
        for cell in column where cells[cell] != SampleGrid.absent {
          let value = if let before { before &+ (rest.popFirst() ?? 0) } else { firsts.popFirst() ?? 0 }
          cells[cell] = value
          before = value
        }
      }
    }
    return cells
  }

  private func add(_ cells: [Int64], _ codes: [ReadingCode], to samples: inout [Sample]) {
    let powers = shapes.map { $0.points.map(ReadingCode.power) }
    for record in samples.indices { samples[record].readings.reserveCapacity(powers[grid.shapeOf[record]].count) }
    forEachReading { record, column, index, cell in
      let shape = grid.shapeOf[record]
      let code = codes.isEmpty ? ReadingCode.unremarkable : codes[index]
      let value = code.hasValue ? Double(cells[cell]) / powers[shape][column] : nil
      samples[record].readings.append(Reading(shapes[shape].points[column], value, quality: code.quality))
    }
  }

  /// - Parameter visit: is given the record, the place of the point in its shape, the number of the reading
  ///   counted through all records, and its cell.
  private func forEachReading(_ visit: (Int, Int, Int, Int) -> Void) {
    var index = 0
    for (record, shape) in grid.shapeOf.enumerated() {
      var (cell, step) = grid.cells(of: record)
      for column in shapes[shape].points.indices {
        visit(record, column, index, cell)
        cell += step
        index += 1
      }
    }
  }
}
