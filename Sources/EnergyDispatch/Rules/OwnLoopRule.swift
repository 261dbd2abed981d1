import EnergyModel

/// Covers the house from the battery where the inverter has no loop of its own. Class: economics.
///
///     missing = grid + battery when the grid was measured
///     wanted  = missing − min(max(0, missing), what other batteries' inverters took)
///
/// is the power that would have brought the grid to zero at that time, but for what goes from the grid into another battery: one
/// that is charged by a programme of its own is not charged from this one. The loop goes half of the way there with each step:
/// inverters that regulate themselves and bounds on the production answer to the same meter, and all of the way by each would
/// swing. The meter is often seconds late, so the battery's power is remembered and taken from the same time; otherwise what was
/// changed since would be counted twice and the loop would swing. The next step is only taken once the meter has seen the last
/// one (2 s after it), which makes the loop slower than its slowest sensor whatever that is. Changes below 100 W or 2 % are not
/// worth it, larger ones are taken in steps of 10 % of the power for each second since the last, at most 30 %. Where a reading is
/// missing for 10 s the battery rests.
struct OwnLoopRule: Rule {
  /// After a restart the loop begins with what is measured.
  struct Memory: FleetingMemory {
    fileprivate struct Sample: Hashable, Sendable {
      var at: MonotonicInstant
      var power: Double
      /// By the others, W ≥ 0.
      var taken: Double
    }

    /// W, discharge +.
    var setpoint: Double?
    fileprivate var acted: MonotonicInstant?
    fileprivate var blindSince: MonotonicInstant?
    /// The battery's power and what others took, the newest last.
    fileprivate var history: [Sample] = []
  }

  private static let gain = 0.5
  private static let settling: Duration = .seconds(2)
  private static let blindness: Duration = .seconds(10)
  private static let kept: Duration = .seconds(30)
  /// Of the battery's power.
  private static let rampPerSecond = 0.1
  private static let deadBand = 0.02
  private static let leastDeadBand = 100.0

  let hybrid: DeviceID
  let battery: SiteParameters.Battery
  let subjectName: String
  /// Hybrids with batteries of their own.
  var others: [DeviceID] = []
  var name: String { SelfConsumptionRule.name }
  var subject: String { hybrid.name }
  var precedence: RuleClass { .economics }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    let view = input.view
    let now = input.now.monotonic
    let seen = view.hybrid(hybrid)
    remember(view, now, &memory)
    guard let grid = view.grid?.power, let gridAt = view.grid?.measured, let power = seen?.batteryPower else {
      return blind(now, &memory)
    }
    memory.blindSince = nil
    let before = memory.setpoint ?? power
    if memory.acted.map({ gridAt >= $0 + Self.settling }) ?? true {
      let then = memory.history.last { $0.at <= gridAt } ?? memory.history.first
      let open = grid + (then?.power ?? power)
      let own = open - min(max(0, open), then?.taken ?? 0)
      let wanted = min(max(own, -battery.maximumCharge.value), battery.maximumDischarge.value)
      let rating = max(battery.maximumCharge.value, battery.maximumDischarge.value)
      let deadBand = max(Self.leastDeadBand, Self.deadBand * rating)
      let missing = wanted - before
      if missing.magnitude > deadBand || memory.setpoint == nil {
        let since = memory.acted.map { (now - $0).seconds } ?? 1
        let most = Self.rampPerSecond * rating * min(3, max(1, since))
        // The last bit at once, or it would never come.
        let step = missing.magnitude > deadBand / Self.gain ? Self.gain * missing : missing
        memory.setpoint = before + min(max(step, -most), most)
        memory.acted = now
      }
    }
    return wish(memory.setpoint ?? before)
  }

  private func remember(_ view: SiteView, _ now: MonotonicInstant, _ memory: inout Memory) {
    let seen = view.hybrid(hybrid)
    guard let power = seen?.batteryPower, let at = seen?.batteryMeasured, at != memory.history.last?.at else { return }
    let taken = others.reduce(0) { $0 + max(0, -(view.hybrid($1)?.acPower ?? 0)) }
    memory.history.append(.init(at: at, power: power, taken: taken))
    memory.history.removeAll { now - $0.at > Self.kept }
  }

  private func blind(_ now: MonotonicInstant, _ memory: inout Memory) -> Contribution {
    let since = memory.blindSince ?? now
    memory.blindSince = since
    guard now - since >= Self.blindness else { return memory.setpoint.map(wish) ?? Contribution() }
    memory.setpoint = nil
    memory.acted = nil
    let purpose: Reason = "\(subjectName) rests because the power at the grid connection is unknown"
    return Contribution(wish: Wish(quantity: .battery(hybrid), target: .value(0), purpose: purpose))
  }

  private func wish(_ power: Double) -> Contribution {
    let purpose: Reason =
      power < 0
      ? "\(subjectName) takes \(watts: -power) of what would be fed in"
      : "\(subjectName) gives \(watts: power) to the house"
    return Contribution(wish: Wish(quantity: .battery(hybrid), target: .value(power), purpose: purpose))
  }
}
