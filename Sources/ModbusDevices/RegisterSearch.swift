import DeviceProfile
import EnergyModel

/// Finds the registers that a device refuses (exception 2, illegal data address) and remembers them, so that one register
/// which a firmware lacks does not cost its neighbours. A refused block is halved from poll to poll; what cannot be halved
/// and is refused three times counts as not there and is asked for again later and later: a new firmware may have it.
struct RegisterSearch: Sendable {
  /// A field on its own that was refused.
  private struct Absence: Hashable, Sendable {
    var refusals = 0
    var next: MonotonicInstant
  }

  struct Outcome: Hashable, Sendable {
    var block: ReadBlock
    var boundaries: [Int]
    var isRefused: Bool
  }

  /// A device that starts up refuses for a moment.
  static let refusals = 3
  static let firstPause = Duration.seconds(60)
  static let longestPause = Duration.seconds(960)

  private(set) var refused = RefusedRegisters()
  private var absent: [ReadBlock: Absence] = [:]
  private var readable: Set<ReadBlock> = []
  /// A device that refuses everything is not searched again before.
  private var rest: (until: MonotonicInstant, length: Duration)?

  /// Takes note of what came of the blocks of one poll.
  /// - Parameter all: the blocks of the plan.
  /// - Returns: true when they have to be laid out anew.
  mutating func note(_ outcomes: [Outcome], of all: [ReadBlock], at now: MonotonicInstant) -> Bool {
    if refused.isEmpty, !outcomes.contains(where: \.isRefused) { return false }
    var isChanged = false
    for outcome in outcomes {
      let key = outcome.block.place
      if outcome.isRefused {
        if !(rest.map { now < $0.until } ?? false) { isChanged = refuse(outcome, key, at: now) || isChanged }
        continue
      }
      readable.insert(key)
      if absent.removeValue(forKey: key) != nil {
        refused.accept(outcome.block)
        isChanged = true
      }
    }
    return isChanged || settle(all.map(\.place), at: now)
  }

  /// Once every block is known to be there or not.
  private mutating func settle(_ places: [ReadBlock], at now: MonotonicInstant) -> Bool {
    guard places.allSatisfy({ readable.contains($0) || isAbsent($0) }) else { return false }
    // A device that refuses everything says nothing of single registers.
    if places.allSatisfy(isAbsent) {
      let length = rest.map { min($0.length * 2, Self.longestPause) } ?? Self.firstPause
      self = RegisterSearch()
      rest = (now + length, length)
      return true
    }
    rest = nil
    guard refused.hasCuts else { return false }
    refused.rejoin()
    return true
  }

  /// True for registers that are not there and whose turn to be asked for again has not come.
  func isLeftAlone(_ block: ReadBlock, at now: MonotonicInstant) -> Bool {
    guard let absence = absent[block.place] else { return false }
    return absence.refusals >= Self.refusals && now < absence.next
  }

  /// Whether a block is known not to be there.
  func isAbsent(_ block: ReadBlock) -> Bool { (absent[block.place]?.refusals ?? 0) >= Self.refusals }

  /// The device was away: its absent registers are asked for once at once.
  mutating func deviceReturned(at now: MonotonicInstant) { for key in absent.keys { absent[key]?.next = now } }

  private mutating func refuse(_ outcome: Outcome, _ key: ReadBlock, at now: MonotonicInstant) -> Bool {
    readable.remove(key)
    refused.refuse(outcome.block, boundaries: outcome.boundaries)
    guard outcome.boundaries.count < 2 else { return true }
    var absence = absent[key] ?? Absence(next: now)
    absence.refusals += 1
    if absence.refusals >= Self.refusals {
      let doublings = min(absence.refusals - Self.refusals, 10)
      absence.next = now + min(Self.firstPause * (1 << doublings), Self.longestPause)
    }
    absent[key] = absence
    return false
  }
}

extension ReadBlock {
  /// Without its place in an image, which changes with the plan.
  fileprivate var place: ReadBlock { ReadBlock(space: space, start: start, count: count) }
}
