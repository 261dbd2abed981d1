import EnergyModel

// How a row of the tables `minute` and `quarter` is stored. The number of the format stands beside each
// payload, so that another may follow. Every payload is one zstd frame with a checksum. Inside, all integers
// are written by ``ByteWriter``: u unsigned, s signed.
//
// Format 1:
//   u number of shapes; a shape is a device and its points, each device at most once
//     each: u its number in the table `shape`
//   The columns are the points in the order in which they first appear in the shapes; the members of a column
//   are the devices that have the point, in the order of the shapes. Then, column by column, member by member:
//   per member: u number of good readings; with 0 there is nothing more of it in what follows
//   per member: s value, difference to the member before (first of a column: to 0)
//     the mean in tenths of the point's resolution, rounded half away from zero; or, where the point's
//     summary is the last reading (counters, states, settings), that in units of the resolution
//   per member: u value, in whole units rounded down, minus the minimum
//   per member: u maximum minus the value, in whole units rounded up
//   Minimum and maximum are in units of the resolution.
//
// A device without any good reading is left out.

/// The number that says how a row of history is laid out.
enum HistoryFormat: Int64, Sendable {
  case columns = 1

  static func encode(_ row: HistoryRow, table: inout ShapeTable) -> [UInt8] {
    let devices = row.devices.filter { $0.tallies.contains { $0.count > 0 } }
    var writer = ByteWriter()
    writer.count(devices.count)
    for device in devices { writer.count(table.number(of: Shape(device: device.id, points: device.points))) }
    let columns = columns(devices.map(\.points))
    let tallies = columns.map { column in
      column.members.map { devices[$0.device].tallies[$0.index] }
    }
    for tally in tallies.joined() { writer.unsigned(tally.count) }
    let said = tallies.map { $0.filter { $0.count > 0 } }
    for (column, said) in zip(columns, said) {
      var previous: Int64 = 0
      for tally in said {
        let value = tally.value(of: column.point)
        writer.signed(value &- previous)
        previous = value
      }
    }
    for (column, said) in zip(columns, said) {
      for tally in said { writer.unsigned(UInt64(clamping: tally.whole(column.point).down - tally.low)) }
    }
    for (column, said) in zip(columns, said) {
      for tally in said { writer.unsigned(UInt64(clamping: tally.high - tally.whole(column.point).up)) }
    }
    return Zstd.compress(writer.bytes, withChecksum: true)
  }

  static func decode(_ format: Int64, _ bytes: [UInt8], table: ShapeTable) throws(SegmentDamage) -> HistoryRow {
    guard HistoryFormat(rawValue: format) != nil else { throw .unknownFormat(format) }
    var reader = ByteReader(try Zstd.decompress(bytes))
    var shapes: [Shape] = []
    for _ in 0..<(try reader.count()) {
      let number = try reader.unsigned()
      guard let known = Int(exactly: number), let shape = table.shape(known) else {
        throw .malformed("no shape has the number \(number)")
      }
      shapes.append(shape)
    }
    var tallies = shapes.map { Array(repeating: HistoryTally(), count: $0.points.count) }
    try read(&reader, columns(shapes.map(\.points)), into: &tallies)
    guard reader.remaining == 0 else { throw .malformed("\(reader.remaining) bytes too many") }
    var row = HistoryRow()
    for (shape, tallies) in zip(shapes, tallies) { row.add(shape.device, shape.points, tallies) }
    return row
  }

  private typealias Member = (device: Int, index: Int)

  private static func columns(_ devices: [[Point]]) -> [(point: Point, members: [Member])] {
    var columns: [(point: Point, members: [Member])] = []
    var places: [Point: Int] = [:]
    for (device, points) in devices.enumerated() {
      for (index, point) in points.enumerated() {
        let place = places[point] ?? columns.count
        if place == columns.count {
          places[point] = place
          columns.append((point, []))
        }
        columns[place].members.append((device, index))
      }
    }
    return columns
  }

  private static func read(
    _ reader: inout ByteReader, _ columns: [(point: Point, members: [Member])], into tallies: inout [[HistoryTally]]
  ) throws(SegmentDamage) {
    let total = columns.reduce(0) { $0 + $1.members.count }
    guard total <= reader.remaining else { throw .truncated }
    var said: [(point: Point, member: Member, count: UInt64, value: Int64)] = []
    var starts: Set<Int> = []
    for column in columns {
      starts.insert(said.count)
      for member in column.members {
        let count = try reader.unsigned()
        if count > 0 { said.append((column.point, member, count, 0)) }
      }
    }
    var previous: Int64 = 0
    for index in said.indices {
      if starts.contains(index) { previous = 0 }
      previous = previous &+ (try reader.signed())
      said[index].value = previous
    }
    var lows: [Int64] = []
    for item in said {
      lows.append(Whole(item.value, item.point).down &- Int64(truncatingIfNeeded: try reader.unsigned()))
    }
    for (item, low) in zip(said, lows) {
      let high = Whole(item.value, item.point).up &+ Int64(truncatingIfNeeded: try reader.unsigned())
      tallies[item.member.device][item.member.index] = HistoryTally(
        item.value, of: item.point, count: item.count, low: low, high: high)
    }
  }
}

/// A stored value in whole units of the point's resolution, rounded both ways.
private struct Whole {
  var down: Int64
  var up: Int64

  init(_ value: Int64, _ point: Point) {
    guard point.summary == .mean else {
      (down, up) = (value, value)
      return
    }
    down = value / 10 - (value % 10 < 0 ? 1 : 0)
    up = value / 10 + (value % 10 > 0 ? 1 : 0)
  }
}

extension HistoryTally {
  /// What stands for the interval, as it is stored: see the format.
  func value(of point: Point) -> Int64 {
    guard point.summary == .mean else { return last }
    guard count > 0 else { return 0 }
    // A sum of doubles may end a hair outside of what it is the mean of.
    return max(low * 10, min(high * 10, Int64((sum * 10 / Double(count)).rounded())))
  }

  fileprivate func whole(_ point: Point) -> Whole { Whole(value(of: point), point) }

  /// Reads a stored value.
  fileprivate init(_ value: Int64, of point: Point, count: UInt64, low: Int64, high: Int64) {
    let isMean = point.summary == .mean
    self.init(
      count: count, sum: isMean ? Double(value) / 10 * Double(count) : 0, low: low, high: high,
      last: isMean ? 0 : value)
  }
}
