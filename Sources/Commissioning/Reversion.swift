public import EnergyModel

/// Whether a device lets go of what it was told when nobody tells it any more.
public struct Reversion: Hashable, Sendable {
  public var device: DeviceID
  public var command: String
  /// The device's timer as the profile has it.
  public var timer: Duration
  /// When it was seen to have let go, from the last write on; nil where it had not.
  public var reverted: Duration?
  /// How long it was watched.
  public var watched: Duration

  public init(device: DeviceID, command: String, timer: Duration, reverted: Duration?, watched: Duration) {
    self.device = device
    self.command = command
    self.timer = timer
    self.reverted = reverted
    self.watched = watched
  }

  /// How long to watch, at most.
  public static func patience(timer: Duration, lag: Duration) -> Duration { timer * 5 / 4 + lag * 2 + .seconds(5) }

  public var finding: Finding {
    let due = "\(timer.components.seconds) s"
    guard let reverted else {
      let text = "still does what it was told \(watched.components.seconds) s after the last write, \(due) were due"
      return Finding(device, "reversion of \(command)", .failed, text)
    }
    let text = "lets go \(reverted.components.seconds) s after the last write, \(due) were due"
    // The agent writes again at half of the timer.
    return reverted < timer * 3 / 5
      ? Finding(device, "reversion of \(command)", .failed, "\(text): too early to be kept up")
      : Finding(device, "reversion of \(command)", .passed, text)
  }

  /// Whether a value has left what was told towards what the device does by itself.
  /// - Parameters:
  ///   - free: what it did before it was told anything; nil where that is not known.
  ///   - least: less is taken for noise, in the value's unit.
  ///   - isUpperBound: it was told how much at most, and to do less needs no leave: a cloud is not a reversion.
  public static func hasLeft(
    _ value: Double, told: Double, free: Double?, least: Double = 150, isUpperBound: Bool = false
  ) -> Bool {
    let way = free.map { abs($0 - told) } ?? 0
    let distance = isUpperBound ? value - told : abs(value - told)
    return distance > max(least, 0.5 * way)
  }
}
