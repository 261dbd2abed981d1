public import DeviceProfile
public import EnergyModel

/// What a device on MQTT has told, and what it owes. Only what is fresh counts: what a broker kept was once true.
public struct SensorHearing: Hashable, Sendable {
  public let sensor: SensorDefinition
  /// The last of each point; of a family whichever member told it.
  private var told: [Point: Told] = [:]

  private struct Told: Hashable, Sendable {
    var reading: Reading
    var measured: MonotonicInstant
  }

  public init(_ sensor: SensorDefinition) { self.sensor = sensor }

  /// Samples of others are left alone.
  public mutating func take(_ sample: Sample) {
    let isMember = sensor.isFamily && sample.device.name.hasPrefix("\(sensor.device.name)-")
    guard sample.device == sensor.device || isMember else { return }
    for reading in sample.readings {
      told[reading.point] = Told(reading: reading, measured: sample.measured.monotonic)
    }
  }

  /// What was told of a point last, if it can be relied on and is not older than the device's maximum age at `now`.
  public func good(_ point: Point, at now: MonotonicInstant) -> Double? {
    guard let told = told[point], now - told.measured <= sensor.maximumAge else { return nil }
    return told.reading.quality == .good ? told.reading.value : nil
  }

  /// The last of each point that it can tell.
  public var readings: [Reading] { sensor.points.compactMap { told[$0]?.reading } }

  /// When it told something last; nil where it never did. A value that the broker kept is as old as it was told to be.
  public var lastHeard: MonotonicInstant? { told.values.map(\.measured).max() }

  /// Whether it was told at all, however long ago.
  public func hasTold(_ point: Point) -> Bool { told[point]?.reading.quality == .good }

  /// Of a family one member is enough. A value that the device need not have, such as the power of a plug without a meter,
  /// may be missing; that a relay is on or off may not.
  private var owed: [Point] {
    if sensor.isFamily { return [] }
    let values = sensor.messages.flatMap(\.values)
    return sensor.points.filter { point in
      point == .relayOn || values.contains { $0.point == point && !$0.isOptional }
    }
  }

  public var isComplete: Bool { told.keys.contains(where: hasTold) && owed.allSatisfy(hasTold) }

  /// In words; nil where it is complete.
  public var missing: String? {
    guard !isComplete else { return nil }
    let untold = owed.filter { !hasTold($0) }
    if untold.isEmpty { return "told nothing fresh" }
    return
      "told nothing fresh of \(untold.map { "\($0.rawValue)\(told[$0].map { " (\($0.reading.quality.rawValue))" } ?? "")" }.joined(separator: ", "))"
  }
}
