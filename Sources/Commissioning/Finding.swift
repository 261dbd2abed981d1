public import EnergyModel

/// The result of one check of an installation.
public struct Finding: Hashable, Sendable {
  public enum Outcome: String, Hashable, Sendable {
    case passed, failed
    /// Nobody could tell; the text says what is missing.
    case open
  }

  /// Nil where it concerns the site.
  public var device: DeviceID?
  /// What was checked, in a word, such as `reachable`.
  public var check: String
  public var outcome: Outcome
  /// What was seen, in one sentence.
  public var text: String

  public init(_ device: DeviceID?, _ check: String, _ outcome: Outcome, _ text: String) {
    self.device = device
    self.check = check
    self.outcome = outcome
    self.text = text
  }
}

extension Sequence<Finding> {
  /// An installation is accepted where something was checked, nothing failed and nothing was left open.
  public var isAccepted: Bool { contains { _ in true } && allSatisfy { $0.outcome == .passed } }
}
