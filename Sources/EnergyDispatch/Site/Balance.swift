import EnergyModel

extension SiteView {
  /// `grid + Σ ac` of some hybrids at one moment, W: what they may produce for nothing to be exported; nil where readings do not
  /// belong together. Of a meter that is some seconds behind, the newest readings would add what inverters did since, and a bound
  /// on them would follow itself.
  func netLoad(besides hybrids: [SiteParameters.Hybrid]) -> Double? {
    sumOfPowers.map { sum in
      let others = self.hybrids.reduce(0) { sum, other in
        hybrids.contains { $0.device == other.device } ? sum : sum + (other.acPower ?? 0)
      }
      return sum - others - (generatorPower ?? 0)
    }
  }

  /// Powers of one moment, W. Consumption +, import +, discharge +.
  struct Balance: Sendable {
    /// When the slowest of meter and sources measured.
    var taken: MonotonicInstant
    var grid: Double
    /// `grid + Σ hybrids + generator`, ≥ 0.
    var load: Double
    /// The load without the chargers and heat pumps that are measured; nil where one of them is silent, or where meters contradict
    /// each other.
    var uncontrolled: Double?
    /// Of all batteries, DC; nil where one is silent.
    var battery: Double?
    /// In the order of the parameters; nil where it is unknown.
    var chargers: [Double?]
    var heatPumps: [Double?]
  }

  /// What is there for those that take it when it costs nothing, W; negative where it is missing.
  struct Surplus: Sendable {
    var taken: MonotonicInstant
    /// Cars together could take it: their own power and that of boosted heat pumps is added back.
    var forCars: Double
    /// Nobody takes it: batteries are satisfied, and cars and heat pumps draw what they draw.
    var left: Double
    /// True while the batteries go first and have room.
    var isBatteryFirst: Bool
  }
}
