public import EnergyModel

/// Why the journal cannot do what it was asked.
public enum JournalError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Not opened, or closed.
  case closed
  /// SQLite did not take a setting that durability rests on.
  case settingRefused(pragma: String, wanted: String, found: String)
  /// The file cannot be used: set it aside and begin anew.
  case damaged(String)
  /// The system refuses a file or folder.
  case file(operation: String, path: String, code: Int32)
  case unknownDestination(DestinationID)
  case unknownLog(Epoch)
  /// Asked for again, and no record of the log ever had such a seq; its last one.
  case neverGiven(last: UInt64)
  /// Somebody else writes into the same database.
  case foreignWriter(log: String)

  /// Whether the same call can work later.
  public var isWorthRetrying: Bool {
    if case .file = self { return true }
    return false
  }

  public var description: String {
    switch self {
    case .closed: "the journal is not open"
    case .settingRefused(let pragma, let wanted, let found): "PRAGMA \(pragma) is \(found) instead of \(wanted)"
    case .damaged(let what): "the journal's file is damaged: \(what)"
    case .file(let operation, let path, let code): "\(operation) \(path): error \(code)"
    case .unknownDestination(let name): "no destination is called \(name)"
    case .unknownLog(let epoch): "no log has the epoch \(epoch)"
    case .neverGiven(let last): "the log ends at \(last)"
    case .foreignWriter(let log): "another process writes into the log \(log)"
    }
  }
}
