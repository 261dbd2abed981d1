import ArgumentParser
import EnergyDispatch
import EnergyModel
import Foundation
import SiteSimulation

/// What control costs: one cycle with fifty devices and all rules, and a year of a house at one-minute steps.
struct ControlBench: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "control", abstract: "The control cycle with 50 devices, and a site-year at one-minute steps.")

  @Option(help: "Days of the house at one-minute steps; a year is reckoned from them.")
  var days = 365

  @Option(help: "Cycles with fifty devices.")
  var cycles = 20_000

  func run() {
    cycle()
    year()
  }

  private static let noon = Timestamp(milliseconds: 1_782_036_000_000)

  private func cycle() {
    var loop = SiteLoop(SiteDescription(parameters: Self.fifty), seed: 1, start: Self.noon, step: 1)
    let clock = ContinuousClock()
    let zero = clock.now
    loop.clock = { MonotonicInstant(nanoseconds: (clock.now - zero).nanoseconds) }
    var times: [Double] = []
    for _ in 0..<cycles {
      if let took = loop.advance().controlTime { times.append(took.seconds * 1e6) }
    }
    times.sort()
    guard !times.isEmpty else { return }
    let (middle, late) = (times[times.count / 2], times[times.count * 99 / 100])
    print(
      "control cycle, 50 devices: median \(Self.text(middle)) µs, p99 \(Self.text(late)) µs (\(Bounds.aim(late, atMost: 200)))"
    )
  }

  private func year() {
    let site = Self.house
    let clock = ContinuousClock()
    let zero = clock.now
    var loop = SiteLoop(SiteDescription(parameters: site), seed: 1, start: Self.noon, step: 60)
    loop.clock = { MonotonicInstant(nanoseconds: (clock.now - zero).nanoseconds) }
    var control = 0.0
    let steps = days * 1440
    let whole = clock.measure {
      for _ in 0..<steps { control += loop.advance().controlTime?.seconds ?? 0 }
    }.seconds
    let year = whole / Double(days) * 365
    let (step, share) = (whole / Double(steps) * 1e6, control / Double(steps) * 1e6)
    print(
      "site-year at one-minute steps: \(Self.text(year)) s (\(Bounds.aim(year, atMost: 5))); a step costs "
        + "\(Self.text(step)) µs, of it control \(Self.text(share)) µs, plant, sensors and forecast \(Self.text(step - share)) µs"
    )
  }

  private static func text(_ value: Double) -> String { JSONText.decimal(value, 1) }

  private static func hybrid(_ index: Int) -> SiteParameters.Hybrid {
    let battery = SiteParameters.Battery(
      usable: WattHours(10_000), socWindow: 10...95, gridCharging: .allowed, maximumCharge: Watts(5000),
      maximumDischarge: Watts(5000))
    return SiteParameters.Hybrid(
      device: DeviceID("hybrid-\(index)"), acLimit: Watts(10_000), pvPeak: Watts(9800), battery: battery,
      batteryReversion: .seconds(60), productionReversion: .seconds(60))
  }

  private static let economics = [
    "self-consumption", "surplus-car", "heat-pump-boost", "delayed-charging", "peak-shaving", "curtail-negative",
    "tariff",
  ]

  /// A hybrid, two loads, a car and a heat pump.
  private static var house: SiteParameters { site(hybrids: 1, loads: 2, chargers: 1, pumps: 1) }
  /// With meter and contact fifty devices.
  private static var fifty: SiteParameters { site(hybrids: 3, loads: 33, chargers: 8, pumps: 4) }

  private static func site(hybrids: Int, loads: Int, chargers: Int, pumps: Int) -> SiteParameters {
    var site = SiteParameters(
      mode: .control, gridMeter: .init(device: "meter"), hybrids: (1...hybrids).map(hybrid),
      loads: (1...loads).map { .init(device: DeviceID("load-\($0)"), rated: Watts(1000), priority: $0 % 5) },
      fuse: .init(phases: 3, rating: Amperes(hybrids == 1 ? 35 : 100)), baseLoad: Watts(1500),
      feedIn: .init(limit: Watts(6000 * Double(hybrids)), storedIn: nil), reserve: Percent(20), economics: economics)
    site.chargers = (1...chargers).map { .init(device: DeviceID("car-\($0)")) }
    site.heatPumps = (1...pumps).map { .init(device: DeviceID("pump-\($0)"), rated: Watts(3000), priority: 3) }
    let controlled = site.chargers.map(\.device) + site.heatPumps.map(\.device)
    site.controllable = .init(devices: controlled)
    site.channels = [
      .init(
        name: "dso", kind: .contact("contact", maximumAge: .seconds(5)), class: .legal,
        failsafe: [.controllablePower: SiteParameters.Controllable.guaranteedPower(controlled.count)])
    ]
    site.tariff = .init(
      buy: [.init(start: 360, end: 1320, price: 34), .init(start: 1320, end: 360, price: 24)], sell: 8)
    site.demand = .init(target: Watts(8000 * Double(hybrids)), price: 900)
    return site
  }
}
