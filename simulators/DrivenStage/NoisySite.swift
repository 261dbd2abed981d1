public import EnergyModel
import Foundation

/// The readings of `../shared/limits/trace.py` from another generator of random numbers: 20 points a device and second,
/// with the same walks, sun and clouds, counters, state of charge and rounding. Made here, because days of its text
/// would take longer than the run; `holdfast-bench outage` holds the bytes that both take in the journal against
/// each other.
public struct NoisySite: Sendable {
  private var devices: [NoisyDevice]

  public init(devices count: Int, seed: UInt64) {
    devices = (0..<count).map { NoisyDevice(number: $0, seed: seed) }
  }

  /// One sample of each device, 7 ms apart; the site's next second.
  public mutating func samples(at moment: Moment) -> [Sample] {
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

private struct NoisyDevice: Sendable {
  private let id: DeviceID
  /// Meters tell tenths of a watt and have no production behind them.
  private let isMeter: Bool
  private var random: SplitMix64
  private var second = 0
  private var phases: [Walk]
  private var volts: [Walk]
  private var hertz = Walk(level: 50, sigma: 0.004, stepEvery: 1e9, step: 0)
  private var celsius = Walk(level: 24, sigma: 0.02, stepEvery: 900, step: 2)
  private var cloud = Walk(level: 0.8, sigma: 0.01, stepEvery: 120, step: 0.5)
  private var imported: Double
  private var exported = 4.0e6
  private var soc = 55.0

  init(number: Int, seed: UInt64) {
    id = DeviceID("device-\(number < 10 ? "0" : "")\(number)")
    isMeter = number % 3 == 0
    random = SplitMix64(seed: seed &* 1000 &+ UInt64(number))
    phases = []
    volts = []
    imported = 1.2e7 + Double(number) * 1e5
    for _ in 0..<3 {
      let level = 300 + 200 * Double.random(in: 0..<1, using: &random)
      phases.append(Walk(level: level, sigma: 3, stepEvery: 240, step: 900))
    }
    for _ in 0..<3 {
      let level = 230 + Double.random(in: 0..<1, using: &random)
      volts.append(Walk(level: level, sigma: 0.1, stepEvery: 600, step: 1))
    }
  }

  /// The sun of a day that begins at nine in the morning, behind the clouds, W.
  private mutating func sun() -> Double {
    let hour = (Double(second) / 3600 + 9).truncatingRemainder(dividingBy: 24)
    let clear = max(0, sin(.pi * (hour - 6) / 12)) * 9000
    return clear * min(1, max(0.1, cloud.next(&random)))
  }

  mutating func sample(at measured: Moment) -> Sample {
    let sun = sun()
    let produced = isMeter ? 0 : sun / 3
    second += 1
    let p = phases.indices.map { phases[$0].next(&random) - produced }
    let total = p.reduce(0, +)
    imported += max(total, 0) / 3600
    exported += max(-total, 0) / 3600
    soc = min(100, max(0, soc - total / 3.6e5))
    let v = volts.indices.map { volts[$0].next(&random) - p[$0] * 0.0004 }
    let isMeter = isMeter
    func watts(_ value: Double) -> Double { rounded(value, isMeter ? 10 : 1) }
    return Sample(
      device: id, measured: measured,
      readings: [
        Reading(.power, watts(total)), Reading(.powerL1, watts(p[0])), Reading(.powerL2, watts(p[1])),
        Reading(.powerL3, watts(p[2])), Reading(.voltageL1, rounded(v[0], 10)), Reading(.voltageL2, rounded(v[1], 10)),
        Reading(.voltageL3, rounded(v[2], 10)), Reading(.currentL1, rounded(p[0] / v[0], 100)),
        Reading(.currentL2, rounded(p[1] / v[1], 100)), Reading(.currentL3, rounded(p[2] / v[2], 100)),
        Reading(.reactivePower, rounded(total * 0.12, 1)), Reading(.apparentPower, rounded(abs(total) * 1.007, 1)),
        Reading(.powerFactor, 0.99), Reading(.frequency, rounded(hertz.next(&random), 100)),
        Reading(.energyImport, imported.rounded(.down)), Reading(.energyExport, exported.rounded(.down)),
        Reading(.soc, rounded(soc, 10)), Reading(.temperature, rounded(celsius.next(&random), 10)),
        Reading(.operatingState, 4), Reading(.alarms, 0),
      ])
  }
}

/// To so many parts of a unit.
private func rounded(_ value: Double, _ parts: Double) -> Double {
  (value * parts).rounded(.toNearestOrEven) / parts
}
