/// A value with its unit on the command line, read as in a configuration: `10kW`, `2.5 kW`.
public enum ArgumentMeasure {
  public struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String
  }

  /// W.
  public static func power(_ text: String) throws(Problem) -> Double { try value(text, .power) }

  /// A.
  public static func current(_ text: String) throws(Problem) -> Double { try value(text, .current) }

  /// Without a unit: a state, or a number of things.
  public static func number(_ text: String) throws(Problem) -> Double {
    guard let number = Measure.number(text) else { throw Problem(description: "\(text): not a number") }
    return number
  }

  private static func value(_ text: String, _ dimension: Dimension) throws(Problem) -> Double {
    switch Measure.value(text, dimension) {
    case .success(let value): return value
    case .failure(let problem): throw Problem(description: "\(text): \(problem.message)")
    }
  }
}
