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
    // One that does as it likes may happen to do what it is told.
    guard let moved = step.change(.batteryPower), abs(moved - power) <= max(250, 0.25 * abs(power)) else {
      return [
        Finding(
          device, "effect of battery", .failed,
          "\(text), and not another power when it was told to rest: it does not follow")
      ]
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
  ///   - heldBack: how much less than it was to feed in the inverter fed in, W; nil where it does not tell. Without that, the
  ///     house took more and there was nothing to hold back.
  public static func cap(
    _ device: DeviceID, cap: Double, exports: [Double], offered: Double, heldBack: Double?
  ) -> Finding {
    guard let most = exports.max() else { return Finding(device, "feed-in cap", .failed, "the meter told no power") }
    let text =
      "\(SignChecks.watts(most)) were fed in with \(SignChecks.watts(offered)) on offer, \(SignChecks.watts(cap)) are permitted"
    if most > cap + max(60, 0.02 * cap) {
      return Finding(device, "feed-in cap", .failed, "\(text): set it in the inverter itself")
    }
    if most - (exports.min() ?? most) > max(100, 0.03 * cap) {
      return Finding(device, "feed-in cap", .open, "\(text), and it still moved: try again")
    }
    guard let heldBack, heldBack >= 0.5 * (offered - cap) else {
      return Finding(
        device, "feed-in cap", .open, "\(text), and the inverter held nothing back: the house took it, try again")
    }
    return most >= 0.9 * cap
      ? Finding(device, "feed-in cap", .passed, "\(text): the inverter keeps it by itself")
      : Finding(device, "feed-in cap", .open, "\(text): what was on offer did not come")
  }

  /// A charger that was told less than its car takes.
  /// - Parameters:
  ///   - before: what it took, W; nil where it does not tell.
  ///   - during: what it took after it was told.
  ///   - most: what it may take then on all its phases, W. A car that charges on one takes less by itself.
  public static func charger(
    _ device: DeviceID, before: Double?, during: Double?, current: Double, most: Double
  ) -> Finding {
    guard let before, let during else { return Finding(device, "effect", .open, "nothing shows what it takes") }
    guard before > 500 else { return Finding(device, "effect", .open, "no car charges: try again with one") }
    let text =
      "told \(JSONText.decimal(current, 0)) A, it took \(SignChecks.watts(during)) instead of \(SignChecks.watts(before))"
    if during > 1.1 * most + 100 { return Finding(device, "effect", .failed, "\(text): it does not follow") }
    return during <= 0.8 * before
      ? Finding(device, "effect", .passed, text)
      : Finding(device, "effect", .open, "\(text): its car takes no more anyway, try again with another")
  }

  /// An inverter's power under a limit, and after that was taken away.
  /// - Parameters:
  ///   - before: AC power when it was told, W.
  ///   - during: the last that it fed in under the limit; `after` how long that took, nil where it never came.
  ///   - free: the most that it fed in when it was released; nil where that was not watched.
  public static func production(
    _ device: DeviceID, check: String, told: Double, before: Double, during: Double?, after: Duration?, free: Double?
  ) -> Finding {
    let fed = during.map(SignChecks.watts) ?? "an unknown power"
    let text = "held at \(SignChecks.watts(told)), it fed in \(fed) instead of \(SignChecks.watts(before))"
    guard let after else { return Finding(device, check, .failed, "\(text): it does not follow") }
    guard let free, free >= told + 0.5 * (before - told) else {
      let rest = free.map { ", and no more than \(SignChecks.watts($0)) when it was free again" } ?? ""
      return Finding(device, check, .open, "\(text)\(rest): a cloud does the same, try again")
    }
    return Finding(
      device, check, .passed, "\(text) after \(seconds(after)), and \(SignChecks.watts(free)) when it was free again")
  }

  static func seconds(_ duration: Duration) -> String { "\(JSONText.decimal(duration.seconds, 1)) s" }
}
