/// A heat pump with the two contacts of SG-Ready and a store. The house draws its heat from the store, so that a block
/// has consequences, and a boost has somewhere to put its heat.
struct SwitchedHeatPump: Sendable {
  /// Electrical, W.
  private(set) var power = 0.0
  /// Of the store, °C.
  private(set) var temperature: Double
  /// Whether its own thermostat asks.
  private var isAsking = false
  /// Seconds since the compressor stopped.
  private var rest: Double = 1e6
  private let parameters: HeatPumpParameters
  /// A compressor that stopped stays off for so long, s.
  private static let restartLock = 180.0

  init(_ parameters: HeatPumpParameters) {
    self.parameters = parameters
    temperature = parameters.storeTemperature
  }

  /// SG-Ready: K1 alone blocks (1), none is normal (2), K2 alone recommends (3), both force (4).
  static func state(k1: Bool, k2: Bool) -> Int { k2 ? (k1 ? 4 : 3) : (k1 ? 1 : 2) }

  mutating func step(_ seconds: Double, state: Int, outdoor: Double, demand: Overrides.BoilerDemand) {
    let band: ClosedRange<Double> = state == 4 ? 60...62 : state == 3 ? 50...55 : 43...48
    if temperature <= band.lowerBound { isAsking = true }
    if temperature >= band.upperBound { isAsking = false }
    let asks: Bool
    switch demand {
    case .natural: asks = isAsking
    case .always: asks = temperature < 65
    case .never: asks = false
    }
    let runs = state != 1 && asks && (power > 0 || rest >= Self.restartLock)
    rest = runs ? 0 : rest + seconds
    let target = runs ? parameters.compressor + (state == 4 ? parameters.rod : 0) : 0
    power = target == 0 ? 0 : power + (target - power) * lag(seconds, timeConstant: 15)
    // The compressor's yield falls with the cold outside and the heat inside.
    let performance = min(5, max(1.8, 3.2 + 0.08 * outdoor - 0.05 * (temperature - 45)))
    let rod = min(power, target > parameters.compressor ? parameters.rod * power / target : 0)
    let gained = (power - rod) * performance + rod
    let drawn =
      (parameters.heatLoss * max(0, 16 - outdoor) + parameters.hotWater) * min(1, max(0, (temperature - 20) / 10))
    temperature += (gained - drawn) * seconds / (parameters.store * 4186)
  }
}
