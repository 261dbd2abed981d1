import EnergyModel

/// What the fuse rule remembers.
struct FuseMemory: RuleMemory {
  /// In the order of shedding: the last is restored first.
  var shed: [DeviceID] = []
  /// Loads that may have been shed before the memory was lost: those found off count as shed.
  var areSuspectsUnknown = false
  var cleared: Set<DeviceID> = []
  /// Hysteresis of the bound on the batteries, and since when it is not needed.
  var isBatteryBound = false
  var calmSince: MonotonicInstant?
  var isOverloaded = false
  var overloadedSince: MonotonicInstant?
  var lastShed: MonotonicInstant?
  /// Since when there has been room for the next load.
  var roomSince: MonotonicInstant?
  /// Since when the currents are unknown.
  var blindSince: MonotonicInstant?

  init() {}

  static var hasAges: Bool { false }
  static func lost(at now: MonotonicInstant) -> FuseMemory {
    var memory = FuseMemory()
    memory.areSuspectsUnknown = true
    return memory
  }

  /// `shed pool boiler`; the stable minute begins anew after a restart.
  init?(saved: Substring, at now: MonotonicInstant) {
    let words = saved.split(separator: " ")
    guard words.first == "shed" else { return nil }
    shed = words.dropFirst().map { DeviceID(String($0)) }
  }

  /// While suspects are open the memory is as good as lost, and says so.
  func saved(at now: MonotonicInstant) -> String {
    areSuspectsUnknown ? "lost" : (["shed"] + shed.map(\.name)).joined(separator: " ")
  }
}
