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
    var points: [[Point]] = []
    var number = 0
    for record in samples.indices {
      number = table.number(of: samples[record], after: number)
      // Devices come round in the same order.
      let next = (shapeOf.last ?? -1) + 1
      let guess = next < numbers.count && numbers[next] == number ? next : numbers.firstIndex(of: number)
      if guess == nil {
        numbers.append(number)
        points.append(table.shape(number)?.points ?? [])
      }
      shapeOf.append(guess ?? numbers.count - 1)
    }
    grid = SampleGrid(shapeOf, points: points)
    precondition(
      samples.count <= SampleGrid.mostRecords && grid.count <= SampleGrid.mostReadings, "a segment of too much")
    cells = [Int64](repeating: SampleGrid.absent, count: grid.count)
    fillCells(points)
  }

  private mutating func fillCells(_ points: [[Point]]) {
    let powers = points.map { $0.map(ReadingCode.power) }
    var index: Int64 = 0
    for record in samples.indices {
      var (cell, step) = grid.cells(of: record)
      let (readings, powers) = (samples[record].readings, powers[grid.shapeOf[record]])
      for column in readings.indices {
        let reading = readings[column]
        let scaled = ReadingCode.scaled(reading.value, power: powers[column])
        if let scaled { cells[cell] = scaled }
        if case .good = reading.quality, scaled != nil {
        } else {
          remarks.append((index, Int64(ReadingCode(reading).number)))
        }
        cell += step
        index += 1
      }
    }
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
    for columns in grid.columns {
      firsts.removeAll(keepingCapacity: true)
      rest.removeAll(keepingCapacity: true)
      for column in columns {
        var before = SampleGrid.absent
        for value in cells[column] where value != SampleGrid.absent {
          if before == SampleGrid.absent { firsts.append(value) } else { rest.append(value &- before) }
          before = value
        }
      }
      writer.series(firsts)
      writer.column(rest)
    }
  }
}
