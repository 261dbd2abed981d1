public import DeviceProfile
import EnergyModel

/// How well a profile fits a device, and why.
public struct ProfileMatch: Hashable, Sendable {
  public enum Certainty: Int, Comparable, Hashable, Sendable {
    /// It is not refuted, and that is all.
    case vague
    /// Some of it makes sense.
    case possible
    /// Everything answers and makes sense, and so it would for another device that is laid out alike.
    case likely
    /// The device says itself that it is one, or is laid out by a standard that says what its registers mean.
    case identified

    public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }

  public var profile: DeviceProfile
  public var unit: Int
  public var certainty: Certainty
  /// Compares profiles of one device and nothing else.
  public var score: Double
  /// What speaks for it.
  public var reasons: [String]
  /// What speaks against it.
  public var doubts: [String]
  public var serial: String?
  /// What a text that identifies it says, such as the model's name.
  public var told: String?
  /// Points that read a number other than zero.
  public var pointCount: Int

  /// The device says of itself that it is of this kind.
  public var isProven: Bool

  static let least = 3.0
  static let enough = 8.0

  /// Nil where it does not fit.
  init?(_ trial: ProfileTrial, line: SerialLine? = nil) {
    guard !trial.isRefuted, trial.answered > 0 else { return nil }
    var tally = Tally()
    tally.weigh(registersOf: trial)
    tally.weigh(valuesOf: trial)
    tally.weigh(sumsOf: trial)
    // Even what names itself has to make sense.
    let makesSense = tally.score > 0
    tally.weigh(identityOf: trial)
    if let line, trial.profile.connection.line == line { tally.add(1, "set as the vendor sets it: \(line)") }
    profile = trial.profile
    unit = trial.unit
    score = tally.score
    reasons = tally.reasons
    doubts = tally.doubts
    serial = trial.serial
    told = trial.marks.compactMap { if case .holds(let text, _) = $0, Int(text) == nil { text } else { nil } }.first
    isProven = trial.isProven
    pointCount = trial.readings.count { $0.quality == .good && ($0.value ?? 0) != 0 }
    let isProven = trial.isProven && makesSense && trial.answered * 2 >= trial.blocks
    let isWhole = (trial.refused + trial.silent) * 4 <= trial.blocks
    if isProven, isWhole, trial.absent.count * 4 <= trial.profile.points.count {
      certainty = .identified
    } else if trial.isDefinedByModels, pointCount > 0, makesSense {
      certainty = .identified
    } else if isProven {
      certainty = .likely
    } else if score >= Self.enough, trial.answered == trial.blocks, trial.absent.isEmpty {
      certainty = .likely
    } else if score > 0, pointCount > 0 {
      certainty = score >= Self.least ? .possible : .vague
    } else {
      return nil
    }
  }

  /// The better fit first.
  static func precedes(_ a: ProfileMatch, _ b: ProfileMatch) -> Bool {
    if a.certainty != b.certainty { return a.certainty > b.certainty }
    return a.score != b.score ? a.score > b.score : a.profile.name < b.profile.name
  }
}
