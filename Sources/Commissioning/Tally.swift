import DeviceProfile
import EnergyModel

/// Adds up what speaks for a profile and what against it. A number that is zero says nothing: registers that mean
/// nothing are zero as well.
struct Tally {
  private(set) var score = 0.0
  private(set) var reasons: [String] = []
  private(set) var doubts: [String] = []

  mutating func add(_ weight: Double, _ reason: String? = nil) {
    score += weight
    guard let reason else { return }
    if weight < 0 { doubts.append(reason) } else { reasons.append(reason) }
  }

  mutating func weigh(identityOf trial: ProfileTrial) {
    for mark in trial.marks {
      switch mark {
      case .holds(let text, let place): add(20, "says what it is: \(text) at \(place)")
      case .unreadable: add(-4, "the registers that would identify it cannot be read")
      case .differs: break
      }
    }
    if trial.isNamedMaker { add(10, "names its maker") }
    if let serial = trial.serial {
      add(trial.profile.serial?.isNumber == true ? 0.5 : 2, "serial number \(serial)")
    } else if trial.profile.serial != nil {
      add(-2, "no serial number where it should be")
    }
    if trial.profile.unit == trial.unit, trial.unit != 1 { add(2, "unit \(trial.unit) is the vendor's") }
  }

  mutating func weigh(registersOf trial: ProfileTrial) {
    add(min(4, 0.5 * Double(trial.answered)) + Double(trial.modelCount))
    if trial.refused + trial.silent == 0 {
      add(0, "all its registers answer")
    } else {
      let text = "\(trial.refused + trial.silent) of \(trial.blocks) requests were not answered"
      add(-4 * Double(trial.refused + trial.silent), text)
    }
    if !trial.absent.isEmpty {
      let names = trial.absent.prefix(4).map(\.rawValue).joined(separator: ", ")
      add(
        -Double(trial.absent.count),
        "\(trial.absent.count) points are not there: \(names)\(trial.absent.count > 4 ? ", …" : "")")
    }
  }

  mutating func weigh(valuesOf trial: ProfileTrial) {
    let values = trial.readings.compactMap { $0.quality == .good && $0.value != 0 ? $0.value : nil }
    if values.count > 3, Set(values.map(abs)).count == 1 { add(-20, "every point reads the same") }
    for reading in trial.readings {
      switch reading.quality {
      case .good:
        // Of two profiles that both make sense, the one fits better that finds less of nothing.
        if let value = reading.value, value != 0 { weigh(reading.point, value) } else { add(-0.1) }
      case .outOfRange: add(-2, "\(reading.point.rawValue) is out of range")
      default: add(-0.1)
      }
    }
  }

  private mutating func weigh(_ point: Point, _ value: Double) {
    let size = abs(value)
    if size < 1e-12 { return add(-3, "\(point.rawValue) is \(value)") }
    switch point {
    case .frequency: expect(45...65, value, 3, -5, point)
    case .voltageL1: expect(90...280, value, 2, -3, point)
    case .voltageL2, .voltageL3: expect(90...280, value, 1, -2, point)
    case .soc: expect(0...100, value, 1, -2, point)
    case .soh: expect(20...100, value, 0.5, -1, point)
    case .batteryVoltage: expect(20...1500, value, 1, -1, point)
    case .batteryTemperature, .temperature: expect(-30...90, value, 0.5, -1, point)
    case .cellVoltageMax, .cellVoltageMin: expect(1.5...4.5, value, 1, -1, point)
    case .power, .powerL1, .powerL2, .powerL3, .pvPower, .pv1Power, .pv2Power, .batteryPower, .apparentPower,
      .reactivePower:
      // A hundred kilowatts and more are rare where an installer looks for devices.
      expect(-1e6...1e6, value, size < 1 ? 0 : 0.5, -2, point)
    case .currentL1, .currentL2, .currentL3, .batteryCurrent: expect(-2000...2000, value, 0.5, -1, point)
    case .powerFactor: add(0.5)
    default: if point.isCounter { expect(1...1e12, value, 0.5, -1, point) } else { add(0.2) }
    }
  }

  private mutating func expect(
    _ range: ClosedRange<Double>, _ value: Double, _ gain: Double, _ loss: Double, _ point: Point
  ) {
    let told = "\(point.rawValue) \(Self.text(value, point))"
    if range.contains(value) {
      add(gain, [.frequency, .voltageL1, .soc, .batteryVoltage].contains(point) ? told : nil)
    } else {
      add(loss, told)
    }
  }

  /// What hangs together by physics: it is hard to meet by accident.
  mutating func weigh(sumsOf trial: ProfileTrial) {
    let phases: [(power: Point, voltage: Point, current: Point)] = [
      (.powerL1, .voltageL1, .currentL1), (.powerL2, .voltageL2, .currentL2), (.powerL3, .voltageL3, .currentL3),
    ]
    let powers = phases.compactMap { trial.value($0.power) }
    if let total = trial.value(.power), powers.count == 3, abs(total) > 50 {
      let sum = powers.reduce(0, +)
      if abs(sum - total) <= max(20, 0.05 * abs(total)) { add(3, "the phases add up to the power") }
    }
    for phase in phases {
      guard let power = trial.value(phase.power), let voltage = trial.value(phase.voltage),
        let current = trial.value(phase.current), abs(power) > 100
      else { continue }
      let apparent = voltage * abs(current)
      if apparent >= 0.95 * abs(power), apparent <= 1.5 * abs(power) {
        add(1.5, "volts times amperes make the watts")
        break
      }
    }
  }

  private static func text(_ value: Double, _ point: Point) -> String {
    var text = JSONText()
    text.value(value, decimals: point.decimals)
    return text.text
  }
}
