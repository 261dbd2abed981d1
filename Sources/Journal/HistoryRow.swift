import EnergyModel

/// What the good readings of one point came to over an interval, in units of the point's resolution.
struct HistoryTally: Hashable, Sendable {
  private(set) var count: UInt64 = 0
  private(set) var sum = 0.0
  private(set) var low: Int64 = 0
  private(set) var high: Int64 = 0
  private(set) var last: Int64 = 0

  /// Beyond this no value is true, and sums would not be exact.
  static let largest: Int64 = 1 << 52

  init() {}

  init(count: UInt64, sum: Double, low: Int64, high: Int64, last: Int64) {
    self.count = count
    self.sum = sum
    self.low = low
    self.high = high
    self.last = last
  }

  mutating func add(_ scaled: Int64) {
    low = count == 0 ? scaled : min(low, scaled)
    high = count == 0 ? scaled : max(high, scaled)
    count += 1
    sum += Double(scaled)
    last = scaled
  }

  /// Joins with the readings of a later interval.
  mutating func add(_ later: HistoryTally) {
    guard later.count > 0 else { return }
    low = count == 0 ? later.low : min(low, later.low)
    high = count == 0 ? later.high : max(high, later.high)
    count += later.count
    sum += later.sum
    last = later.last
  }
}

/// History of all devices over one interval.
struct HistoryRow: Sendable {
  struct Device: Sendable {
    let id: DeviceID
    fileprivate(set) var points: [Point] = []
    fileprivate(set) var tallies: [HistoryTally] = []
  }

  private(set) var devices: [Device] = []
  private var positions: [DeviceID: Int] = [:]
  /// The agent did not run, or did not record, during all of the interval.
  var isPartial = false

  /// How many good readings it stands for.
  var readings: UInt64 { devices.reduce(0) { $0 + $1.tallies.reduce(0) { $0 + $1.count } } }

  /// The same devices and points without any reading. A row that begins with it has the points in the same
  /// order as the one before, whichever answers first, so that few shapes are needed.
  var emptied: HistoryRow {
    var row = self
    row.isPartial = false
    for index in row.devices.indices {
      row.devices[index].tallies = Array(repeating: HistoryTally(), count: row.devices[index].points.count)
    }
    return row
  }

  subscript(device: DeviceID, point: Point) -> HistoryTally? {
    guard let position = positions[device], let index = devices[position].points.firstIndex(of: point),
      devices[position].tallies[index].count > 0
    else { return nil }
    return devices[position].tallies[index]
  }

  /// Adds what is good of a sample; the rest only takes its place in the order of points.
  mutating func add(_ sample: Sample) {
    // One access to the device for all its readings: looking it up for each costs more than the sums.
    devices[position(of: sample.device)].add(sample.readings)
  }

  /// Joins with what came later. The result is partial where one of the two is.
  mutating func add(_ later: HistoryRow) {
    for device in later.devices { add(device.id, device.points, device.tallies) }
    isPartial = isPartial || later.isPartial
  }

  mutating func add(_ device: DeviceID, _ points: [Point], _ tallies: [HistoryTally]) {
    let position = position(of: device)
    var next = 0
    for (point, tally) in zip(points, tallies) {
      let index = devices[position].index(of: point, near: next)
      next = index + 1
      devices[position].tallies[index].add(tally)
    }
  }

  private mutating func position(of device: DeviceID) -> Int {
    if let known = positions[device] { return known }
    devices.append(Device(id: device))
    positions[device] = devices.count - 1
    return devices.count - 1
  }
}

extension HistoryRow.Device {
  fileprivate mutating func add(_ readings: [Reading]) {
    var next = 0
    for reading in readings {
      let index = index(of: reading.point, near: next)
      next = index + 1
      guard reading.quality == .good, let scaled = ReadingCode.scaled(reading),
        scaled.magnitude < HistoryTally.largest.magnitude
      else { continue }
      tallies[index].add(scaled)
    }
  }

  /// Where a point stands. Samples of a device have the same order again and again, so it is nearly always
  /// the place after the one before.
  fileprivate mutating func index(of point: Point, near expected: Int) -> Int {
    if expected < points.count, points[expected] == point { return expected }
    if let known = points.firstIndex(of: point) { return known }
    points.append(point)
    tallies.append(HistoryTally())
    return points.count - 1
  }
}
