/// What a value measures, and the units it can be written in.
enum Dimension: CaseIterable {
  case power, energy, current, percent, duration, angle, bytes, rate, price, demandPrice, temperature
  case voltage, frequency, reactivePower, apparentPower, irradiance

  /// Units and what one of each is in the unit used inside: W, Wh, A, %, s, degrees, bytes, bytes a
  /// second, ct/kWh, ct/kW, °C, V, Hz, var, VA, W/m².
  var units: [(symbol: String, factor: Double)] {
    switch self {
    case .power: [("W", 1), ("kW", 1e3), ("MW", 1e6)]
    case .energy: [("Wh", 1), ("kWh", 1e3), ("MWh", 1e6)]
    case .current: [("A", 1)]
    case .percent: [("%", 1)]
    case .duration: [("ms", 0.001), ("s", 1), ("min", 60), ("h", 3600), ("d", 86_400)]
    case .angle: [("deg", 1), ("°", 1)]
    case .bytes: [("B", 1), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)]
    case .rate: [("B/s", 1), ("kB/s", 1e3), ("MB/s", 1e6)]
    case .price: [("ct/kWh", 1), ("EUR/kWh", 100)]
    case .demandPrice: [("ct/kW", 1), ("EUR/kW", 100)]
    case .temperature: [("°C", 1), ("degC", 1)]
    case .voltage: [("V", 1), ("mV", 1e-3)]
    case .frequency: [("Hz", 1), ("mHz", 1e-3)]
    case .reactivePower: [("var", 1), ("kvar", 1e3)]
    case .apparentPower: [("VA", 1), ("kVA", 1e3)]
    case .irradiance: [("W/m2", 1), ("W/m²", 1)]
    }
  }

  /// With its article and an example, to continue "expected …".
  var phrase: String { "\(name) such as \(example)" }

  var name: String {
    switch self {
    case .power: "a power"
    case .energy: "an energy"
    case .current: "a current"
    case .percent: "a percentage"
    case .duration: "a duration"
    case .angle: "an angle"
    case .bytes: "a size"
    case .rate: "a rate"
    case .price: "a price"
    case .demandPrice: "a price of demand"
    case .temperature: "a temperature"
    case .voltage: "a voltage"
    case .frequency: "a frequency"
    case .reactivePower: "a reactive power"
    case .apparentPower: "an apparent power"
    case .irradiance: "an irradiance"
    }
  }

  var example: String {
    switch self {
    case .power: "5 kW"
    case .energy: "10 kWh"
    case .current: "16 A"
    case .percent: "20 %"
    case .duration: "10 s"
    case .angle: "35 deg"
    case .bytes: "200 MB"
    case .rate: "32 kB/s"
    case .price: "30 ct/kWh"
    case .demandPrice: "12 EUR/kW"
    case .temperature: "25 °C"
    case .voltage: "2 V"
    case .frequency: "0.05 Hz"
    case .reactivePower: "100 var"
    case .apparentPower: "100 VA"
    case .irradiance: "20 W/m2"
    }
  }

  func factor(of symbol: String) -> Double? { units.first { $0.symbol == symbol }?.factor }

  /// A value in the largest unit that keeps it at or above one.
  func text(of value: Double) -> String {
    let unit = units.filter { $0.factor <= value.magnitude }.max { $0.factor < $1.factor }
    guard let unit, unit.factor != 1 else { return "\(Measure.text(of: value)) \(baseSymbol)" }
    return "\(Measure.text(of: value / unit.factor)) \(unit.symbol)"
  }

  private var baseSymbol: String { units.first { $0.factor == 1 }?.symbol ?? "" }
}
