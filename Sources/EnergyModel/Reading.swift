/// Whether a value can be trusted, or why not. The raw value is the word on the wire.
public enum Quality: String, Hashable, Codable, Sendable {
  case good
  /// No answer in time, or no connection.
  case timeout
  /// The device answered with a refusal.
  case exception
  /// The device says that it has no such value.
  case notImplemented = "not_implemented"
  /// A value that cannot be true.
  case outOfRange = "out_of_range"
  /// Stands still although a companion of the same device moves.
  case frozen
  /// Too old for what it is used for.
  case stale
}

/// One point of one device. A failed read has no value: it never becomes zero.
public struct Reading: Hashable, Sendable {
  public var point: Point
  /// In the point's unit. Present exactly where the quality is good, frozen or stale; of an interval (see
  /// ``Sample/span``) only where it is good.
  public var value: Double?
  public var quality: Quality

  public init(_ point: Point, _ value: Double) {
    self.point = point
    self.value = value
    quality = .good
  }

  public init(_ point: Point, _ value: Double? = nil, quality: Quality) {
    self.point = point
    self.value = value
    self.quality = quality
  }
}

/// What one device told at one moment: readings taken together. It becomes one record of the journal.
public struct Sample: Hashable, Sendable {
  public var device: DeviceID
  /// When it was *measured* (received from the device), on both clocks. Never refreshed.
  public var measured: Moment
  public var readings: [Reading]
  /// Where the readings stand for an interval: how long it was. It ended at `measured`. Nil for what was
  /// measured at one moment.
  public var span: Duration?

  public init(device: DeviceID, measured: Moment, readings: [Reading], span: Duration? = nil) {
    self.device = device
    self.measured = measured
    self.readings = readings
    self.span = span
  }

  public subscript(point: Point) -> Reading? { readings.first { $0.point == point } }
}
