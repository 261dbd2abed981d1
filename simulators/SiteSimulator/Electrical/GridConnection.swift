/// Voltage and frequency at the connection: a wandering grid behind a small impedance.
struct GridConnection: Sendable {
  /// Phase to neutral, V.
  private(set) var voltage = PhaseValues(231, 231, 231)
  /// Hz.
  private(set) var frequency = 50.0
  private var random: Random
  private var common: Wander
  private var single: [Wander] = []
  private var beat: Wander
  /// Of one phase up to the transformer, Ω.
  private static let resistance = 0.12

  init(seed: UInt64) {
    random = Random(seed: seed, stream: 3)
    common = Wander(spread: 1.5, seconds: 600, using: &random)
    beat = Wander(spread: 0.015, seconds: 60, using: &random)
    for _ in 0..<3 { single.append(Wander(spread: 0.4, seconds: 8, using: &random)) }
  }

  /// - Parameter power: from the grid on each phase, W.
  mutating func step(_ seconds: Double, power: PhaseValues) {
    common.step(seconds, using: &random)
    beat.step(seconds, using: &random)
    frequency = 50 + beat.value
    for phase in 0..<3 {
      single[phase].step(seconds, using: &random)
      voltage[phase] = 231 + common.value + single[phase].value - Self.resistance * power[phase] / 230
    }
  }
}
