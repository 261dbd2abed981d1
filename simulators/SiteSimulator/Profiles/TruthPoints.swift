public import DeviceProfile
public import EnergyModel

/// Which part of the simulated site a device stands for.
public enum SiteRole: String, CaseIterable, Sendable {
  case meter, inverter, battery, charger

  /// By what the device measures.
  public init(guessing profile: DeviceProfile) {
    let points = Set(profile.points.map(\.point))
    if !points.isDisjoint(with: [.chargingState, .chargingCurrentLimit]) {
      self = .charger
    } else if !points.isDisjoint(with: [.pvPower, .pv1Power, .energyProduced, .acPowerRating]) {
      self = .inverter
    } else {
      self = points.contains(.soc) ? .battery : .meter
    }
  }
}

extension Truth {
  /// What a device in that place measures, by the agent's names and signs.
  public func points(as role: SiteRole) -> [Point: Double] {
    var points: [Point: Double] = [.frequency: frequency]
    for (phase, point) in [Point.voltageL1, .voltageL2, .voltageL3].enumerated() { points[point] = voltage[phase] }
    switch role {
    case .meter: addMeter(to: &points)
    case .inverter:
      addInverter(to: &points)
      addBattery(to: &points)
    case .battery: addBattery(to: &points)
    case .charger: addCharger(to: &points)
    }
    return points
  }

  private func addMeter(to points: inout [Point: Double]) {
    add(grid, to: &points)
    points[.reactivePower] = reactive.total
    points[.energyImport] = Lifetime.gridImport + energy.gridImport
    points[.energyExport] = Lifetime.gridExport + energy.gridExport
  }

  private func addInverter(to points: inout [Point: Double]) {
    add(inverter, to: &points)
    points[.reactivePower] = 0
    points[.energyProduced] = Lifetime.inverter + energy.inverterProduced
    points[.pvPower] = pv
    points[.pv1Power] = strings.first.power
    points[.pv2Power] = strings.second.power
    points[.pv1Voltage] = strings.first.voltage
    points[.pv2Voltage] = strings.second.voltage
    points[.pvEnergy] = 2 * Lifetime.string + energy.pv
  }

  private func addBattery(to points: inout [Point: Double]) {
    points[.batteryPower] = battery
    points[.batteryVoltage] = batteryCondition.voltage
    points[.batteryCurrent] = batteryCondition.current
    points[.batteryTemperature] = batteryCondition.temperature
    points[.batteryEnergyCharged] = Lifetime.charged + energy.charged
    points[.batteryEnergyDischarged] = Lifetime.discharged + energy.discharged
    points[.soc] = batteryCondition.soc
    points[.cellVoltageMax] = batteryCondition.cellMaximum
    points[.cellVoltageMin] = batteryCondition.cellMinimum
    points[.chargePowerMax] = batteryCondition.chargeMax
    points[.dischargePowerMax] = batteryCondition.dischargeMax
  }

  private func addCharger(to points: inout [Point: Double]) {
    add(car.power, to: &points)
    points[.energyImport] = car.energy
    points[.chargingState] = car.isHere ? car.current > 0 ? 2 : 1 : 0
  }

  private func add(_ power: PhaseValues, to points: inout [Point: Double]) {
    points[.power] = power.total
    let names: [(Point, Point)] = [(.powerL1, .currentL1), (.powerL2, .currentL2), (.powerL3, .currentL3)]
    for (phase, (watts, amperes)) in names.enumerated() {
      points[watts] = power[phase]
      points[amperes] = abs(power[phase]) / voltage[phase]
    }
    points[.apparentPower] = abs(power.total)
    points[.powerFactor] = power.total < 0 ? -1 : 1
  }
}
