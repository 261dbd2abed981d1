import Foundation

/// The words behind a figure that say what it is to hold, and whether it does. An aim that is missed is only said;
/// limits that are missed are collected, so that the bench fails.
struct Bounds {
  private(set) var missed: [String] = []

  /// - Parameter what: names the figure where it misses the limit.
  mutating func limit(_ value: Double, atMost most: Double, _ what: String) -> String {
    // Neither may what could not be measured.
    if value <= most { return "limit \(most)" }
    missed.append(what)
    return "limit \(most), missed"
  }

  mutating func limit(_ value: Double, atLeast least: Double, _ what: String) -> String {
    if value >= least { return "limit \(least)" }
    missed.append(what)
    return "limit \(least), missed"
  }

  static func aim(_ value: Double, atMost most: Double) -> String { said(most, value <= most) }

  static func aim(_ value: Double, atLeast least: Double) -> String { said(least, value >= least) }

  private static func said(_ aim: Double, _ isReached: Bool) -> String { "aim \(aim)\(isReached ? "" : ", missed")" }
}

/// Fails where limits are missed.
func refuse(_ missed: [String]) throws {
  guard missed.isEmpty else { throw BenchFailure(text: "limits missed: \(missed.joined(separator: "; "))") }
}
