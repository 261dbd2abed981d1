public import EnergyModel

/// Whether devices did what they were told.
public enum Effects {
  /// A battery that was told a power, and the inverter's AC side that goes with it.
  /// - Parameters:
  ///   - step: the inverter's samples, at rest before and after.
  ///   - power: discharge is positive, W.
  ///   - after: how long it took; nil where it never came near.
  ///   - lag: as the profile has it.
  public static func battery(
    _ device: DeviceID, _ step: Step, power: Double, after: Duration?, lag: Duration
  ) -> [Finding] {
    let told = "\(power >= 0 ? "discharge" : "charge") with \(SignChecks.watts(abs(power)))"
    guard let battery = SignChecks.mean(.batteryPower, step.during) else {
      return [Finding(device, "effect of battery", .failed, "told to \(told), it told no battery power")]
    }
    let text = "told to \(told), its battery gave \(SignChecks.watts(battery))"
    if near(battery, -power) {
      return [Finding(device, "battery sign", .failed, "\(text): discharge is positive")]
    }
    guard near(battery, power), let after else {
      return [Finding(device, "effect of battery", .failed, "\(text): it does not follow")]
    }
    var findings = [
      Finding(
        device, "effect of battery", .passed,
        "\(text) after \(seconds(after)) (its profile allows \(seconds(lag)))"),
      Finding(device, "battery sign", .passed, text),
    ]
    if let change = step.change(.power) {
      let sentence = "its AC power moved by \(SignChecks.watts(change)) with that"
      findings.append(
        near(change, -power)
          ? Finding(device, "AC sign", .failed, "\(sentence): what is fed into the house is positive")
          : abs(change - power) <= max(250, 0.25 * abs(power))
            ? Finding(device, "AC sign", .passed, sentence) : Finding(device, "AC sign", .failed, sentence))
    }
    return findings
  }

  /// Whether a value is as good as the one that was told.
  public static func near(_ value: Double, _ told: Double) -> Bool { abs(value - told) <= max(150, 0.12 * abs(told)) }

  /// A load that was cut off for a moment.
  /// - Parameter change: of what the house takes, W; nil where no meter tells it.
  public static func load(_ device: DeviceID, rated: Double, change: Double?) -> Finding {
    guard let change else { return Finding(device, "effect", .open, "no meter shows what it takes") }
    let text =
      "the house took \(SignChecks.watts(-change)) less while it was cut off, it is rated \(SignChecks.watts(rated))"
    if change > max(200, 0.25 * rated) { return Finding(device, "effect", .failed, "\(text): more instead") }
    if -change < 0.25 * rated { return Finding(device, "effect", .open, "\(text): did it run?") }
    return -change <= 1.5 * rated
      ? Finding(device, "effect", .passed, text) : Finding(device, "effect", .failed, "\(text): too much for it")
  }

  /// A known load that a person switched on, on one phase of the meter.
  public static func kettle(_ meter: DeviceID, phase: Point, _ step: Step) -> Finding {
    let name = SignChecks.name(phase)
    let check = "transformer \(name)"
    guard let change = step.change(phase) else { return Finding(meter, check, .open, "\(name) was not told") }
    let text = "\(name) moved by \(SignChecks.watts(change)) when a load was switched on there"
    if change > 500 { return Finding(meter, check, .passed, text) }
    if change < -500 { return Finding(meter, check, .failed, "\(text): its current transformer is turned round") }
    return Finding(meter, check, .open, "\(text): was it on this phase?")
  }

  /// The feed-in cap that an inverter keeps by itself while nobody limits it from outside.
  /// - Parameters:
  ///   - exports: what was fed in while more than the cap was on offer, W ≥ 0.
  ///   - offered: what would have been fed in without it, W.
  public static func cap(_ device: DeviceID, cap: Double, exports: [Double], offered: Double) -> Finding {
    guard let most = exports.max() else { return Finding(device, "feed-in cap", .failed, "the meter told no power") }
    let text =
      "\(SignChecks.watts(most)) were fed in with \(SignChecks.watts(offered)) on offer, \(SignChecks.watts(cap)) are permitted"
    if most > cap + max(60, 0.02 * cap) {
      return Finding(device, "feed-in cap", .failed, "\(text): set it in the inverter itself")
    }
    return most >= 0.9 * cap
      ? Finding(device, "feed-in cap", .passed, "\(text): the inverter keeps it by itself")
      : Finding(device, "feed-in cap", .open, "\(text): what was on offer did not come")
  }

  static func seconds(_ duration: Duration) -> String { "\(JSONText.decimal(duration.seconds, 1)) s" }
}
