import Glibc

/// Clouds as the strings see them: the cover changes over hours, single clouds come and go within minutes,
/// and their edges pass in seconds.
struct Clouds: Sendable {
  /// Share of direct light that comes through, 0...1.
  private(set) var transmission = 1.0
  private var cover: Wander
  private var target = 1.0
  private var remaining = 0.0
  private var isClouded = false
  private let meanCover: Double

  /// - Parameter meanCover: 0 is a clear sky for ever, 1 is always covered.
  init(meanCover: Double, using random: inout Random) {
    self.meanCover = meanCover
    cover = Wander(spread: 0.3, seconds: 10_000, using: &random)
  }

  mutating func step(_ seconds: Double, using random: inout Random) {
    guard meanCover > 0 else { return }
    cover.step(seconds, using: &random)
    remaining -= seconds
    if remaining <= 0 { begin(using: &random) }
    transmission += (target - transmission) * lag(seconds, timeConstant: 3)
  }

  /// The next cloud, or the next gap: together about four minutes, shared by the present cover.
  private mutating func begin(using random: inout Random) {
    let share = min(0.97, max(0.03, meanCover + cover.value))
    isClouded.toggle()
    let mean = 240 * (isClouded ? share : 1 - share)
    remaining = max(5, -mean * log(1 - random.unit()))
    target = isClouded ? random.between(0.1...0.55) * (1.2 - 0.5 * share) : random.between(0.96...1.0)
  }
}
