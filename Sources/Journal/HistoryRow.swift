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
  /// Where the device after the last one stands.
  private var expected = 0
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

  /// Devices come round in the same order, so it is nearly always the place after the one before.
  private mutating func position(of device: DeviceID) -> Int {
    var position = expected < devices.count ? expected : 0
    if position >= devices.count || devices[position].id != device {
      position = positions[device] ?? devices.count
      if position == devices.count {
        devices.append(Device(id: device))
        positions[device] = position
      }
    }
    expected = position + 1
    return position
  }
}

extension HistoryRow.Device {
  fileprivate mutating func add(_ readings: [Reading]) {
    var done = addKnown(readings, from: 0)
    while done < readings.count {
      points.append(readings[done].point)
      tallies.append(HistoryTally())
      done = addKnown(readings, from: done)
    }
  }

  /// Adds the readings from `start` on, up to one of a point that has no place yet.
  /// - Returns: which that is.
  private mutating func addKnown(_ readings: [Reading], from start: Int) -> Int {
    let (points, readings) = (points, readings.span)
    var tallies = tallies.mutableSpan
    var next = 0
    for number in start..<readings.count {
      let point = readings[number].point
      if next >= points.count || points[next] != point {
        guard let known = points.firstIndex(of: point) else { return number }
        next = known
      }
      if readings[number].quality == .good, let value = ReadingCode.scaled(readings[number]),
        value.magnitude < HistoryTally.largest.magnitude
      {
        tallies[next].add(value)
      }
      next += 1
    }
    return readings.count
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
