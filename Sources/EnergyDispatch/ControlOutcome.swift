public import EnergyModel

/// What one control cycle wants done. Produced by pure code, carried out by the control service.
public struct ControlOutcome: Sendable {
  public var decision: Decision
  /// To be written now: what changed and the leases that are due.
  public var commands: [SetpointCommand]
  /// To be told: conflicts, refusals, devices lost, faults; each once.
  public var events: [Event]
  /// True when the decision differs in substance from the one before (numbers that drift do not count),
  /// so that it belongs into the event log.
  public var isDecisionNew: Bool
  /// True when the rules' memory changed and should be saved.
  public var isMemoryChanged: Bool
  /// True when it should be saved at once: the state of a limit changed.
  public var isMemoryUrgent: Bool

  public init(
    decision: Decision, commands: [SetpointCommand], events: [Event], isDecisionNew: Bool, isMemoryChanged: Bool,
    isMemoryUrgent: Bool = false
  ) {
    self.decision = decision
    self.commands = commands
    self.events = events
    self.isDecisionNew = isDecisionNew
    self.isMemoryChanged = isMemoryChanged
    self.isMemoryUrgent = isMemoryUrgent
  }
}
