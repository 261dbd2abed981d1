public import EnergyModel

/// What one control cycle wants done. Produced by pure code, carried out by the control service.
public struct ControlOutcome: Sendable {
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
  let deliberation: Deliberation

  public var at: Moment { deliberation.view.now }
  /// Put into words anew whenever it is read.
  public var decision: Decision { deliberation.decision }
  /// What is in force from outside.
  public var running: RunningLimits { deliberation.running }
  /// True while something needed for a decision is unknown and the failsafe values hold.
  public var isSafeState: Bool { deliberation.isSafeState }
}
