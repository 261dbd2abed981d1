import EnergyModel

/// What one cause has switched off, and how far its restoration has come.
struct ShedMemory: Hashable, Sendable {
  /// Loads and heat pumps in the order of shedding: the last is restored first.
  var shed: [DeviceID] = []
  /// Loads that may have been shed before the memory was lost: those found off count as shed.
  var areSuspectsUnknown = false
  var cleared: Set<DeviceID> = []
  var pickUp = ColdPickUp(isCold: false)
  /// Since when there is more than may be.
  var excessSince: MonotonicInstant?
  var lastShed: MonotonicInstant?
  /// Since when there has been room for the next.
  var roomSince: MonotonicInstant?
  private var restored: MonotonicInstant?
  /// How often in a row what was given back had to go again soon.
  private var regrets = 0

  init() {}

  static func lost() -> ShedMemory {
    var memory = ShedMemory()
    memory.areSuspectsUnknown = true
    // Nobody knows whether the restart was an outage.
    memory.pickUp = ColdPickUp(isCold: true)
    return memory
  }

  /// `shed pool boiler`, after an outage `outage pool boiler`; the stable minute begins anew after a restart.
  init?(saved words: some Collection<Substring>) {
    guard let first = words.first, first == "shed" || first == "outage" else { return nil }
    pickUp = ColdPickUp(isCold: first == "outage")
    shed = words.dropFirst().map { DeviceID(String($0)) }
  }

  /// While suspects are open the memory is as good as lost, and says so.
  var saved: String {
    if areSuspectsUnknown { return "lost" }
    return ([pickUp.isCold && !shed.isEmpty ? "outage" : "shed"] + shed.map(\.name)).joined(separator: " ")
  }

  func isSavedLike(_ other: ShedMemory) -> Bool {
    shed == other.shed && areSuspectsUnknown == other.areSuspectsUnknown && pickUp.isCold == other.pickUp.isCold
  }

  /// What was given back and goes again within this time should not have come.
  private static let trial: Duration = .seconds(600)
  private static let mostRegrets = 4

  /// The stable time before the next is given back: doubled with each time that it was too early, up to sixteenfold. A relay and
  /// what hangs on it wear with every change of mind.
  func patience(_ stable: Duration) -> Duration { stable * (1 << regrets) }

  mutating func shed(_ device: DeviceID, at now: MonotonicInstant) {
    if let restored {
      regrets = now - restored < Self.trial ? min(regrets + 1, Self.mostRegrets) : 0
      self.restored = nil
    }
    shed.append(device)
    lastShed = now
  }

  mutating func restore(_ device: DeviceID, at now: MonotonicInstant) {
    shed.removeAll { $0 == device }
    roomSince = nil
    restored = now
  }

  func contains(_ device: DeviceID) -> Bool { shed.contains(device) }
}
