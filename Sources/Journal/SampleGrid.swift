/// Where the values of a segment stand while it is packed or unpacked: shape by shape, point by point, record by
/// record, so that like stands beside like.
struct SampleGrid {
  /// A cell without a value. No value that is stored is as large.
  static let absent = Int64.min
  /// A segment of more cannot be read: damage must not ask for much memory.
  static let mostRecords = 1 << 16
  static let mostReadings = 1 << 18

  /// The shape of each record.
  let shapeOf: [Int]
  /// The records of each shape.
  let members: [[Int]]
  /// The first cell of each shape.
  let begins: [Int]
  /// Of all cells.
  let count: Int

  /// - Parameters:
  ///   - shapeOf: the shape of each record, counted from 0.
  ///   - widths: the number of points of each shape.
  init(_ shapeOf: [Int], widths: [Int]) {
    self.shapeOf = shapeOf
    var members = widths.map { _ in [Int]() }
    for (record, shape) in shapeOf.enumerated() { members[shape].append(record) }
    var begins: [Int] = []
    var next = 0
    for (width, members) in zip(widths, members) {
      begins.append(next)
      next += width * members.count
    }
    self.members = members
    self.begins = begins
    count = next
  }

  /// The cells of a point, one for each record of the shape.
  func column(_ column: Int, of shape: Int) -> Range<Int> {
    let height = members[shape].count
    let first = begins[shape] + column * height
    return first..<first + height
  }
}
