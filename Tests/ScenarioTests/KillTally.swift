/// What became of the kills.
struct KillTally: CustomStringConvertible, Sendable {
  struct Hits: Sendable {
    var aimed = 0
    /// Of those.
    var hit = 0
    /// By whatever aim.
    var all = 0

    var part: Double { aimed == 0 ? 0 : Double(hit) / Double(aimed) }
  }

  private(set) var kills = 0
  private var hits: [KillAim: Hits] = [:]
  /// From the start of the process to its first telemetry record, s. Only of lives that were long enough to have one
  /// committed, however slow the start: the short ones would tell of quick starts alone.
  var firstPolls: [Double] = []
  var records: UInt64 = 0
  var gaps = 0

  /// - Parameter met: what the kill cut.
  mutating func count(_ aim: KillAim, met: Set<KillAim>) {
    kills += 1
    hits[aim, default: Hits()].aimed += 1
    for what in met {
      hits[what, default: Hits()].all += 1
      if what == aim { hits[what, default: Hits()].hit += 1 }
    }
  }

  mutating func add(_ other: KillTally) {
    kills += other.kills
    hits.merge(other.hits) { Hits(aimed: $0.aimed + $1.aimed, hit: $0.hit + $1.hit, all: $0.all + $1.all) }
    firstPolls += other.firstPolls
    records += other.records
    gaps += other.gaps
  }

  func hits(_ aim: KillAim) -> Hits { hits[aim] ?? Hits() }

  /// The time to the first poll that so large a part of the starts kept; without one, infinite.
  func firstPoll(part: Double) -> Double {
    let sorted = firstPolls.sorted()
    guard !sorted.isEmpty else { return .infinity }
    return sorted[min(sorted.count - 1, Int((Double(sorted.count) * part).rounded(.up)) - 1)]
  }

  var description: String {
    let names: [(KillAim, String)] = [
      (.commit, "within a commit"), (.mark, "between one and its mark"), (.checkpoint, "within a checkpoint"),
      (.start, "within a start"),
    ]
    let aims = names.map { aim, name in
      let hits = hits(aim)
      return "\(name) \(hits.hit) of \(hits.aimed) aimed there (\(hits.all) in all)"
    }
    return """
      \(kills) kills: \(aims.joined(separator: ", ")); \(records) records, \(gaps) gaps of time; first poll after \(firstPoll(part: 0.5)) s (median), \(firstPoll(part: 0.99)) s (99 %), \
      \(firstPoll(part: 1)) s (worst) of \(firstPolls.count)
      """
  }
}
