/// A heat pump that follows the outdoor temperature; three phases, no demand above 16 °C.
struct HeatPump: Sendable {
  /// Electrical power, W.
  private(set) var power = 0.0
  private let heatLoss: Double
  private var age: Double
  /// Compressors do not modulate below this; then they run for a part of every twenty minutes.
  private static let minimum = 700.0

  init(heatLoss: Double, using random: inout Random) {
    self.heatLoss = heatLoss
    age = random.between(0...1200)
  }

  mutating func step(_ seconds: Double, outdoor: Double) {
    age += seconds
    let heat = heatLoss * max(0, 16 - outdoor)
    let performance = min(5, max(2, 3.2 + 0.08 * outdoor))
    let mean = heat / performance
    var target = mean
    if mean < Self.minimum {
      let share = age.truncatingRemainder(dividingBy: 1200) / 1200
      target = share < mean / Self.minimum ? Self.minimum : 0
    }
    power += (target - power) * lag(seconds, timeConstant: 20)
    if power < 1 { power = 0 }
  }
}
