import EnergyModel

/// A device and the points that it told together, in order.
struct Shape: Hashable, Sendable {
  var device: DeviceID
  var points: [Point]
}

/// Short numbers for shapes, kept in the database for as long as it lives: a few seconds of data are
/// smaller than the names in them.
struct ShapeTable: Sendable {
  private var numbers: [Shape: Int] = [:]
  private var shapes: [Int: Shape] = [:]
  private var largest = 0
  /// By number: the shape that came after it the last time.
  private var following: [Int: Int] = [:]
  /// Given since the table was last stored.
  private(set) var fresh: [(number: Int, shape: Shape)] = []

  /// The number of a shape, a new one if need be.
  mutating func number(of shape: Shape) -> Int {
    if let known = numbers[shape] { return known }
    let number = largest + 1
    adopt(shape, as: number)
    fresh.append((number, shape))
    return number
  }

  /// The number of a sample's shape, a new one if need be. Devices come round in the same order, so what followed
  /// the one before is compared first: to look for a whole shape costs twenty times as much.
  mutating func number(of sample: Sample, after before: Int) -> Int {
    if let guess = following[before], shapes[guess]?.isShape(of: sample) ?? false { return guess }
    let found = number(of: Shape(device: sample.device, points: sample.readings.map(\.point)))
    following[before] = found
    return found
  }

  /// The sets of points that were told together by each device.
  var pointsOfDevices: [DeviceID: Set<[Point]>] {
    shapes.values.reduce(into: [:]) { $0[$1.device, default: []].insert($1.points) }
  }

  func shape(_ number: Int) -> Shape? { shapes[number] }

  mutating func markStored() { fresh = [] }

  /// Takes over a row of the database. A shape with a point that this version does not know keeps its
  /// number and is not readable.
  mutating func adopt(_ number: Int, device: String, points: String) {
    largest = max(largest, number)
    let names = points.split(separator: ",")
    let known = names.compactMap { Point(rawValue: String($0)) }
    guard known.count == names.count else { return }
    adopt(Shape(device: DeviceID(device), points: known), as: number)
  }

  private mutating func adopt(_ shape: Shape, as number: Int) {
    largest = max(largest, number)
    numbers[shape] = number
    shapes[number] = shape
  }
}

extension Shape {
  /// As the database keeps it.
  var pointNames: String { points.map(\.rawValue).joined(separator: ",") }

  func isShape(of sample: Sample) -> Bool {
    guard sample.device == device, sample.readings.count == points.count else { return false }
    return points.indices.allSatisfy { sample.readings[$0].point == points[$0] }
  }
}
