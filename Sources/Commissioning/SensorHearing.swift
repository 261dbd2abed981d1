public import DeviceProfile
public import EnergyModel

/// What a device on MQTT has told, and what it owes. Only what is fresh counts: what a broker kept was once true.
public struct SensorHearing: Hashable, Sendable {
  public let sensor: SensorDefinition
  /// The last of each point; of a family whichever member told it.
  private var told: [Point: Reading] = [:]

  public init(_ sensor: SensorDefinition) { self.sensor = sensor }

  /// Samples of others are left alone.
  public mutating func take(_ sample: Sample) {
    let isMember = sensor.isFamily && sample.device.name.hasPrefix("\(sensor.device.name)-")
    guard sample.device == sensor.device || isMember else { return }
    for reading in sample.readings { told[reading.point] = reading }
  }

  public func good(_ point: Point) -> Double? { told[point].flatMap { $0.quality == .good ? $0.value : nil } }

  /// Of a family one member is enough. A value that the device need not have, such as the power of a plug without a meter,
  /// may be missing; that a relay is on or off may not.
  private var owed: [Point] {
    if sensor.isFamily { return [] }
    let values = sensor.messages.flatMap(\.values)
    return sensor.points.filter { point in
      point == .relayOn || values.contains { $0.point == point && !$0.isOptional }
    }
  }

  public var isComplete: Bool { told.values.contains { $0.quality == .good } && owed.allSatisfy { good($0) != nil } }

  /// In words; nil where it is complete.
  public var missing: String? {
    guard !isComplete else { return nil }
    let untold = owed.filter { good($0) == nil }
    if untold.isEmpty { return "told nothing fresh" }
    return
      "told nothing fresh of \(untold.map { "\($0.rawValue)\(told[$0].map { " (\($0.quality.rawValue))" } ?? "")" }.joined(separator: ", "))"
  }
}
