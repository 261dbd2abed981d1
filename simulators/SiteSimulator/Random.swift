import EnergyModel
import Glibc

/// A seeded generator whose numbers are the same on every machine and with every library version, which
/// the standard library does not promise for its own.
///
/// xoshiro256** (Blackman, Vigna: "Scrambled Linear Pseudorandom Number Generators", ACM TOMS 47, 2021), its
/// state filled by ``EnergyModel/SplitMix64``.
public struct Random: Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)
  private var spare: Double?

  /// - Parameter stream: parts that draw from streams of their own do not disturb each other's numbers.
  public init(seed: UInt64, stream: UInt64) {
    var mix = SplitMix64(seed: seed &+ stream &* 0xD1B5_4A32_D192_ED03)
    state = (mix.next(), mix.next(), mix.next(), mix.next())
  }

  public mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = (state.3 << 45) | (state.3 >> 19)
    return result
  }

  /// Even in 0..<1, with 53 bits.
  public mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  public mutating func between(_ range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }

  /// Standard normal (Box and Muller, 1958).
  public mutating func normal() -> Double {
    if let spare {
      self.spare = nil
      return spare
    }
    let radius = sqrt(-2 * log(1 - unit()))
    let angle = 2 * Double.pi * unit()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }

  /// Whether at least one event of a Poisson process falls into `seconds`.
  public mutating func happens(perHour rate: Double, within seconds: Double) -> Bool {
    unit() < 1 - exp(-rate * seconds / 3600)
  }
}

/// The share of the way that a first-order lag with `timeConstant` goes in `seconds`; exact for any step.
func lag(_ seconds: Double, timeConstant: Double) -> Double { 1 - exp(-seconds / timeConstant) }

/// A value that wanders around zero and keeps coming back (Ornstein-Uhlenbeck process, exact update).
struct Wander: Sendable {
  private(set) var value: Double
  /// Standard deviation in the long run.
  let spread: Double
  /// Correlation time, s.
  let seconds: Double

  init(spread: Double, seconds: Double, using random: inout Random) {
    self.spread = spread
    self.seconds = seconds
    value = spread * random.normal()
  }

  mutating func step(_ elapsed: Double, using random: inout Random) {
    let keep = exp(-elapsed / seconds)
    value = value * keep + spread * sqrt(1 - keep * keep) * random.normal()
  }
}
