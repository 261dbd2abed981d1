import EnergyModel

/// What was answered to each command, so that one which comes again is answered alike, and how far each issuer has
/// counted. Both are bounded for each destination, so that none of them takes another one's room: the oldest answers are
/// forgotten, and then the counter still keeps a command from being executed twice.
struct AnswerBook: Hashable, Sendable {
  static let mostAnswers = 256
  /// A further issuer is refused: forgetting one would let everything be replayed that it ever sent.
  static let mostIssuers = 64

  struct Key: Hashable, Sendable {
    var destination: DestinationID
    var name: String
  }

  /// Oldest first.
  private(set) var answers: [CommandResult] = []
  private(set) var counters: [Key: Int64] = [:]

  func answer(_ id: String, from destination: DestinationID) -> CommandResult? {
    answers.last { $0.id == id && $0.destination == destination }
  }

  /// The newest word on a command counts.
  mutating func note(_ result: CommandResult) {
    answers.removeAll { $0.id == result.id && $0.destination == result.destination }
    answers.append(result)
    guard answers.count(where: { $0.destination == result.destination }) > Self.mostAnswers,
      let oldest = answers.firstIndex(where: { $0.destination == result.destination })
    else { return }
    answers.remove(at: oldest)
  }

  mutating func count(_ counter: Int64, of issuer: String, from destination: DestinationID) throws(Refusal) {
    let key = Key(destination: destination, name: issuer)
    if let last = counters[key], counter <= last {
      throw Refusal("the counter \(counter) is not above \(last), the last of \(issuer)")
    }
    guard counters[key] != nil || counters.keys.count(where: { $0.destination == destination }) < Self.mostIssuers
    else {
      throw Refusal("\(Self.mostIssuers) issuers are known, which are the most")
    }
    counters[key] = counter
  }

  /// From what was saved.
  mutating func restore(_ counter: Int64, of key: Key) { counters[key] = max(counter, counters[key] ?? counter) }
}
