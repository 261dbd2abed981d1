import Commissioning
import DeviceProfile
import EnergyModel

/// Watches a device that nobody writes any more.
struct ReversionWatch {
  let visit: SiteVisit
  let device: VisitedDevice
  let hand: Hand
  /// What shows whether it still does what it was told.
  let point: Point
  let told: Double
  /// What it did before it was told anything.
  let free: Double?
  /// Smaller ways are not seen.
  var least = 400.0
  var noise = 150.0
  /// It was told how much at most.
  var isUpperBound = false

  /// From the last write on, which was just made.
  func watch(values: [SetpointKind: Double], timer: Duration) throws(Interrupted) {
    let begin = ContinuousClock.now
    let patience = Reversion.patience(timer: timer, lag: device.profile.lag)
    var reverted: Duration?
    var hasArrived = false
    var wasAway = false
    if hand.command.isResetByReading {
      // Who reads it keeps its timer going.
      try visit.pause(timer + timer / 10 + .seconds(1))
      hasArrived = true
    }
    while reverted == nil, ContinuousClock.now - begin < patience {
      try visit.pause(.milliseconds(700))
      if hand.difference(values) != nil {
        reverted = .now - begin
        break
      }
      // The counters of the meter go on meanwhile.
      if let meter = visit.meter { _ = try visit.look(at: meter) }
      guard let value = try visit.look(at: device)?.good(point) else { continue }
      let isAway = Reversion.hasLeft(
        value, told: told, free: free, least: noise, isUpperBound: isUpperBound)
      if !isAway { hasArrived = true }
      if hasArrived, isAway, wasAway { reverted = .now - begin }
      wasAway = isAway
    }
    let watched = ContinuousClock.now - begin
    if reverted == nil, let free, abs(free - told) < least {
      return visit.note(
        Finding(
          device.id, "reversion of \(hand.command.name)", .open,
          "what it does by itself is too much like what it was told to tell them apart: try again at another hour"))
    }
    visit.note(
      Reversion(
        device: device.id, command: hand.command.name, timer: timer, reverted: reverted, watched: watched
      ).finding)
  }
}
