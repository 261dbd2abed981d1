/// A hot-water tank of 200 l with a heating rod behind the relay. Its thermostat asks below 55 °C and is
/// content at 60 °C; people draw water by day.
struct Boiler: Sendable {
  /// Whether the thermostat asks for heat; the relay decides whether it gets any.
  private(set) var isAsking: Bool
  /// Of the water, °C.
  private(set) var temperature: Double
  private let rated: Double
  /// Seconds of hot water still to be drawn.
  private var drawing = 0.0
  private static let litres = 200.0
  /// J to warm the whole tank by one kelvin.
  private static let heatCapacity = litres * 4186

  init(rated: Double, using random: inout Random) {
    self.rated = rated
    temperature = random.between(54.0...57.0)
    isAsking = true
  }

  /// Electrical power with the relay closed or open, W.
  func power(isSupplied: Bool, demand: Overrides.BoilerDemand) -> Double {
    let isHeating: Bool
    switch demand {
    case .natural: isHeating = isAsking
    case .always: isHeating = true
    case .never: isHeating = false
    }
    return isSupplied && isHeating ? rated : 0
  }

  /// - Parameter heat: what the rod gave during these `seconds`, W.
  mutating func step(_ seconds: Double, heat: Double, hour: Double, using random: inout Random) {
    let isDay = (6.0..<22.5).contains(hour)
    if drawing <= 0, random.happens(perHour: isDay ? 0.5 : 0.03, within: seconds) {
      drawing = random.between(60...240)
    }
    let drawn = min(seconds, max(0, drawing)) * 6 / 60
    drawing -= seconds
    temperature -= drawn / Self.litres * (temperature - 12)
    temperature += (heat - 1.6 * (temperature - 18)) * seconds / Self.heatCapacity
    // A bench that forces heat for days must not boil the tank: the safety thermostat opens.
    temperature = min(90, temperature)
    if temperature >= 60 { isAsking = false }
    if temperature <= 55 { isAsking = true }
  }
}
