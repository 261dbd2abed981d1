import EnergyModel

/// Where the values of a segment stand while it is packed or unpacked: shape by shape, point by point, record by
/// record. A shape is a device and the points it told together.
struct SampleGrid {
  /// A cell without a value. No value that is stored is as large.
  static let absent = Int64.min
  /// A segment of more cannot be read: damage must not ask for much memory.
  static let mostRecords = 1 << 16
  static let mostReadings = 1 << 18

  /// The shape of each record, counted from 0.
  let shapeOf: [Int]
  /// The records of each shape.
  let members: [[Int]]
  /// For each point, in the order in which they come first, the cells of every shape that has it.
  let columns: [[Range<Int>]]
  /// Of all cells.
  let count: Int
  private let firstCells: [Int]

  /// - Parameter points: of each shape.
  init(_ shapeOf: [Int], points: [[Point]]) {
    self.shapeOf = shapeOf
    var members = points.map { _ in [Int]() }
    let usual = points.isEmpty ? 0 : (shapeOf.count + points.count - 1) / points.count
    for shape in members.indices { members[shape].reserveCapacity(usual) }
    var firstCells: [Int] = []
    firstCells.reserveCapacity(shapeOf.count)
    for (record, shape) in shapeOf.enumerated() {
      firstCells.append(members[shape].count)
      members[shape].append(record)
    }
    var begins: [Int] = []
    var columns: [[Range<Int>]] = []
    var known: [Point: Int] = [:]
    // Of the shape before: many devices tell the same points.
    var places: [Int] = []
    var next = 0
    for (shape, members) in members.enumerated() {
      begins.append(next)
      if shape == 0 || points[shape] != points[shape - 1] {
        places = points[shape].map { point in
          let place = known[point] ?? columns.count
          if place == columns.count {
            known[point] = place
            columns.append([])
            columns[place].reserveCapacity(min(points.count, 64))
          }
          return place
        }
      }
      for place in places {
        columns[place].append(next..<next + members.count)
        next += members.count
      }
    }
    for (record, shape) in shapeOf.enumerated() { firstCells[record] += begins[shape] }
    self.members = members
    self.columns = columns
    self.firstCells = firstCells
    count = next
  }

  /// The cell of a reading of a record, and how much further on that of the next reading is.
  func cells(of record: Int) -> (first: Int, step: Int) { (firstCells[record], members[shapeOf[record]].count) }
}
