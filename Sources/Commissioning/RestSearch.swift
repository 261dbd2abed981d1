/// How long a device that nobody knows yet wants to be left alone between two questions. One that wants more than it
/// gets does not hear what comes sooner, as if it had no such register: so a question that met silence right after an
/// answer is asked again after longer rests. What helped once is kept.
public struct RestSearch: Sendable {
  private static let rests: [Duration] = [.milliseconds(100), .milliseconds(500)]
  /// A device that is silent about what it does not have is not asked everything three times.
  private static let patience = 2

  /// Before each question.
  public private(set) var rest: Duration
  private var isAnswering = false
  private var fruitless = 0

  /// - Parameter rest: to begin with.
  public init(_ rest: Duration) { self.rest = rest }

  /// Longer rests to ask the same question again after; none where silence has another reason.
  /// - Parameter rested: before it was asked.
  public func longer(than rested: Duration) -> [Duration] {
    isAnswering && fruitless < Self.patience ? Self.rests.filter { $0 > rested } : []
  }

  /// - Parameters:
  ///   - rested: before the question was asked.
  ///   - isRepeated: it had met silence before.
  public mutating func answered(after rested: Duration, isRepeated: Bool) {
    isAnswering = true
    if isRepeated { rest = max(rest, rested) }
  }

  /// A question was not answered, however often it was asked.
  public mutating func missed() {
    if isAnswering { fruitless += 1 }
    isAnswering = false
  }
}
