import EnergyModel
import Foundation

/// Readings with the noise of real devices, 20 points a device: slow noise around levels that step, as in
/// `shared/limits/trace.py`, but made here, because three days of text would take longer than the run.
struct NoisySite {
  private var devices: [NoisyDevice]

  init(devices count: Int, seed: UInt64) {
    devices = (0..<count).map { NoisyDevice(number: $0, seed: seed &+ UInt64($0)) }
  }

  /// One sample of each device, a few milliseconds apart.
  mutating func samples(at moment: Moment) -> [Sample] {
    devices.indices.map { index in
      var measured = moment
      measured.wall = moment.wall + .milliseconds(index * 7)
      return devices[index].sample(at: measured)
    }
  }
}

/// First-order noise around a level that steps now and then.
private struct Walk {
  var level: Double
  var sigma: Double
  var stepEvery: Double
  var step: Double
  private var x = 0.0

  init(level: Double, sigma: Double, stepEvery: Double, step: Double) {
    self.level = level
    self.sigma = sigma
    self.stepEvery = stepEvery
    self.step = step
  }

  mutating func next(_ random: inout SplitMix64) -> Double {
    if Double.random(in: 0..<1, using: &random) < 1 / stepEvery {
      let sign = Bool.random(using: &random) ? 1.0 : -1.0
      level = max(0, level + sign * Double.random(in: 0..<1, using: &random) * step)
    }
    x = 0.95 * x + sigma * gauss(&random)
    return level + x
  }

  /// Box and Muller's transform.
  private func gauss(_ random: inout SplitMix64) -> Double {
    let u = Double.random(in: .leastNonzeroMagnitude..<1, using: &random)
    return (-2 * log(u)).squareRoot() * cos(2 * .pi * Double.random(in: 0..<1, using: &random))
  }
}

private struct NoisyDevice {
  private let id: DeviceID
  private var random: SplitMix64
  private var phases: [Walk]
  private var volts: [Walk]
  private var hertz = Walk(level: 50, sigma: 0.004, stepEvery: 1e9, step: 0)
  private var celsius = Walk(level: 24, sigma: 0.02, stepEvery: 900, step: 2)
  private var imported: Double
  private var exported = 4.0e6
  private var soc = 55.0

  init(number: Int, seed: UInt64) {
    id = DeviceID("device-\(number)")
    random = SplitMix64(seed: seed &* 1000)
    let level = 300 + 200 * Double.random(in: 0..<1, using: &random)
    phases = (0..<3).map { _ in Walk(level: level, sigma: 3, stepEvery: 240, step: 900) }
    volts = (0..<3).map { _ in Walk(level: 230.5, sigma: 0.1, stepEvery: 600, step: 1) }
    imported = 1.2e7 + Double(number) * 1e5
  }

  mutating func sample(at measured: Moment) -> Sample {
    let p = phases.indices.map { phases[$0].next(&random) }
    let total = p.reduce(0, +)
    imported += max(total, 0) / 3600
    exported += max(-total, 0) / 3600
    soc = min(100, max(0, soc - total / 3.6e7))
    let v = volts.indices.map { volts[$0].next(&random) - p[$0] * 0.0004 }
    return Sample(
      device: id, measured: measured,
      readings: [
        Reading(.power, total), Reading(.powerL1, p[0]), Reading(.powerL2, p[1]), Reading(.powerL3, p[2]),
        Reading(.voltageL1, v[0]), Reading(.voltageL2, v[1]), Reading(.voltageL3, v[2]),
        Reading(.currentL1, p[0] / v[0]), Reading(.currentL2, p[1] / v[1]), Reading(.currentL3, p[2] / v[2]),
        Reading(.reactivePower, total * 0.12), Reading(.apparentPower, abs(total) * 1.007), Reading(.powerFactor, 0.99),
        Reading(.frequency, hertz.next(&random)), Reading(.energyImport, imported.rounded(.down)),
        Reading(.energyExport, exported.rounded(.down)), Reading(.soc, soc),
        Reading(.temperature, celsius.next(&random)), Reading(.operatingState, 4), Reading(.alarms, 0),
      ])
  }
}
