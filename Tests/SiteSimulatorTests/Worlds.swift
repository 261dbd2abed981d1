import EnergyModel
import SiteSimulator

/// Worlds that tests begin with.
enum Worlds {
  /// 2026-06-21T00:00:00Z.
  static let midsummer = Timestamp(milliseconds: 1_782_000_000_000)
  /// 2026-12-21T00:00:00Z.
  static let midwinter = Timestamp(milliseconds: 1_797_811_200_000)

  /// A site where nothing happens by chance: no clouds, no boiler, the given load and sun.
  static func steady(
    load: Double, pv: Double, soc: Double = 50, _ change: (inout WorldParameters) -> Void = { _ in }
  ) -> SiteWorld {
    var parameters = WorldParameters()
    parameters.battery.soc = soc
    change(&parameters)
    var overrides = Overrides()
    overrides.boiler = .never
    overrides.load = load
    overrides.pv = pv
    return SiteWorld(parameters: parameters, seed: 7, start: midsummer, overrides: overrides)
  }
}

extension SiteWorld {
  /// Steps of 0.1 s, as the program does.
  mutating func run(seconds: Int) {
    for _ in 0..<seconds * 10 { step(by: .milliseconds(100)) }
  }
}

extension Truth {
  /// How far the busbar and the DC link are from balance, W.
  var imbalance: Double {
    let busbar = abs(grid.total + inverter.total - load.total)
    let phases = (0..<3).map { abs(grid[$0] + inverter[$0] - load[$0]) }.max() ?? 0
    let link = abs(pv + battery - losses - inverter.total)
    return max(busbar, phases, link)
  }
}
