import EnergyModel

/// Keeps a share of the battery for an outage: no discharging at or below the reserve, allowed again 2 %
/// above it. Holds while the site is connected to the grid.
struct BackupReserveRule: Rule {
  struct Memory: RuleMemory {
    var isReached: Bool

    init(isReached: Bool) { self.isReached = isReached }
    static var hasAges: Bool { false }
    static func lost(at now: MonotonicInstant) -> Memory { Memory(isReached: true) }

    init?(saved: Substring, at now: MonotonicInstant) {
      guard saved == "reached" || saved == "free" else { return nil }
      isReached = saved == "reached"
    }

    func saved(at now: MonotonicInstant) -> String { isReached ? "reached" : "free" }
  }

  private static let hysteresis = 2.0

  let hybrid: DeviceID
  let reserve: Percent
  let name = "backup reserve"
  var subject: String { hybrid.name }
  var precedence: RuleClass { .backupReserve }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    guard let soc = input.view.hybrid(hybrid)?.soc.value else { return Contribution() }
    let release = min(100, reserve.value + Self.hysteresis)
    memory.isReached = soc <= reserve.value || (memory.isReached && soc < release)
    guard memory.isReached else { return Contribution() }
    let limit = Limit(
      quantity: .battery(hybrid), interval: .atMost(0), cause: "reserve reached",
      reason: "the reserve of \(percent: reserve.value) is reached (\(percent: soc))")
    return Contribution(limits: [limit])
  }
}
