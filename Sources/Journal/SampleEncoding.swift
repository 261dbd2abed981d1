import EnergyModel

/// Writes samples in format 6, see `SegmentFormat.swift`.
struct SampleEncoding {
  private let samples: [Sample]
  /// The shapes' numbers in the table.
  private var numbers: [Int] = []
  private let grid: SampleGrid
  private var cells: [Int64]
  private var remarks: [(index: Int64, code: Int64)] = []

  /// The bytes of a segment. More than ``SampleGrid/mostReadings`` could not be read again.
  static func encode(_ samples: [Sample], table: inout ShapeTable) -> [UInt8] {
    let encoding = SampleEncoding(samples, &table)
    var writer = BitWriter(reserving: 64 + encoding.cells.count)
    encoding.writeShapes(&writer)
    encoding.writeTimes(&writer)
    encoding.writeRemarks(&writer)
    encoding.writeValues(&writer)
    return writer.finished()
  }

  private init(_ samples: [Sample], _ table: inout ShapeTable) {
    self.samples = samples
    var shapeOf: [Int] = []
    shapeOf.reserveCapacity(samples.count)
    var shapes: [Shape] = []
    var shape = -1
    for sample in samples {
      // Devices come round in the same order.
      let next = shape + 1 < shapes.count ? shape + 1 : 0
      if next < shapes.count && shapes[next].isShape(of: sample) {
        shape = next
      } else {
        let number = table.number(of: sample, after: shape < 0 ? 0 : numbers[shape])
        shape = numbers.firstIndex(of: number) ?? numbers.count
        if shape == numbers.count {
          numbers.append(number)
          shapes.append(table.shape(number) ?? Shape(device: sample.device, points: []))
        }
      }
      shapeOf.append(shape)
    }
    let points = shapes.map(\.points)
    grid = SampleGrid(shapeOf, points: points)
    precondition(
      samples.count <= SampleGrid.mostRecords && grid.count <= SampleGrid.mostReadings, "a segment of too much")
    cells = [Int64](repeating: SampleGrid.absent, count: grid.count)
    fillCells(points)
  }

  private mutating func fillCells(_ points: [[Point]]) {
    let powers = points.map { $0.map(ReadingCode.power) }
    let (samples, grid) = (samples, grid)
    var index: Int64 = 0
    var remarks: [(index: Int64, code: Int64)] = []
    var cells = cells.mutableSpan
    for record in samples.indices {
      var (cell, step) = grid.cells(of: record)
      let (sample, powers) = (samples[record], powers[grid.shapeOf[record]])
      let readings = sample.readings.span
      for column in readings.indices {
        let scaled = ReadingCode.scaled(readings[column].value, power: powers[column])
        if let scaled { cells[cell] = scaled }
        if case .good = readings[column].quality, scaled != nil {
        } else {
          remarks.append((index, Int64(ReadingCode(readings[column]).number)))
        }
        cell += step
        index += 1
      }
    }
    self.remarks = remarks
  }

  private func writeShapes(_ writer: inout BitWriter) {
    writer.count(samples.count)
    writer.count(numbers.count)
    writer.series(numbers.enumerated().map { Int64($1 - $0) })
    var before = -1
    let steps = grid.shapeOf.map { shape in
      defer { before = shape }
      return Int64((shape - before - 1 + numbers.count) % numbers.count)
    }
    writer.series(steps)
  }

  private func writeTimes(_ writer: inout BitWriter) {
    let times = samples.map(\.measured.wall.milliseconds)
    let firsts = grid.members.map { times[$0[0]] }
    writer.series([firsts.first ?? 0])
    writer.series(zip(firsts.dropFirst(), firsts).map { $0 &- $1 })
    var periods: [Int64] = []
    var rest: [Int64] = []
    rest.reserveCapacity(samples.count)
    for members in grid.members where members.count > 1 {
      let period = times[members[1]] &- times[members[0]]
      periods.append(period)
      for member in members.indices.dropFirst(2) {
        rest.append(times[members[member]] &- times[members[member - 1]] &- period)
      }
    }
    writer.series(periods)
    writer.column(rest)
    writer.series(samples.map { $0.measured.isClockTrusted ? 0 : 1 })
    writer.series(samples.map { sample in sample.span.map { max($0.milliseconds, 0) &+ 1 } ?? 0 })
  }

  private func writeRemarks(_ writer: inout BitWriter) {
    writer.count(remarks.count)
    writer.series(zip(remarks, [(-1, 0)] + remarks).map { $0.index - $1.index - 1 })
    writer.series(remarks.map(\.code))
  }

  private func writeValues(_ writer: inout BitWriter) {
    var firsts: [Int64] = []
    var rest: [Int64] = []
    let cells = cells.span
    for columns in grid.columns {
      firsts.removeAll(keepingCapacity: true)
      rest.removeAll(keepingCapacity: true)
      for column in columns {
        var before = SampleGrid.absent
        for cell in column where cells[cell] != SampleGrid.absent {
          let value = cells[cell]
          if before == SampleGrid.absent { firsts.append(value) } else { rest.append(value &- before) }
          before = value
        }
      }
      writer.series(firsts)
      writer.column(rest)
    }
  }
}
