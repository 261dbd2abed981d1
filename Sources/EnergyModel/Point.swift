/// The closed vocabulary of what can be measured. The raw value is the name on the wire and in the
/// journal and carries the unit; it cannot be changed once boxes are in the field.
///
/// `power_*` is AC at the busbar, `pv_*` and `battery_*` are DC behind an inverter; the two are never
/// mixed. Signs: see ``Quantity``.
public enum Point: String, CaseIterable, Hashable, Codable, Sendable {
  // AC side
  case power = "power_w"
  case powerL1 = "power_l1_w"
  case powerL2 = "power_l2_w"
  case powerL3 = "power_l3_w"
  case voltageL1 = "voltage_l1_v"
  case voltageL2 = "voltage_l2_v"
  case voltageL3 = "voltage_l3_v"
  case currentL1 = "current_l1_a"
  case currentL2 = "current_l2_a"
  case currentL3 = "current_l3_a"
  case reactivePower = "reactive_power_var"
  case apparentPower = "apparent_power_va"
  case powerFactor = "power_factor"
  case frequency = "frequency_hz"
  /// Energy counters: grid meters count import and export, sources what they produced.
  case energyImport = "energy_import_wh"
  case energyExport = "energy_export_wh"
  case energyProduced = "energy_produced_wh"

  // DC side of a hybrid
  case pvPower = "pv_power_w"
  case pv1Power = "pv1_power_w"
  case pv2Power = "pv2_power_w"
  case pv1Voltage = "pv1_voltage_v"
  case pv2Voltage = "pv2_voltage_v"
  case pvEnergy = "pv_energy_wh"
  case batteryPower = "battery_power_w"
  case batteryVoltage = "battery_voltage_v"
  case batteryCurrent = "battery_current_a"
  case batteryTemperature = "battery_temperature_c"
  case batteryEnergyCharged = "battery_energy_charged_wh"
  case batteryEnergyDischarged = "battery_energy_discharged_wh"
  case soc = "soc_percent"
  case soh = "soh_percent"
  case cellVoltageMax = "cell_voltage_max_v"
  case cellVoltageMin = "cell_voltage_min_v"
  /// What the battery management unit allows at this moment, both ≥ 0.
  case chargePowerMax = "charge_power_max_w"
  case dischargePowerMax = "discharge_power_max_w"

  // States and settings read back
  case operatingState = "operating_state"
  case batteryState = "battery_state"
  case alarms = "alarms"
  case acPowerRating = "ac_power_rating_w"
  case chargeLimit = "charge_limit_percent"
  case dischargeLimit = "discharge_limit_percent"
  case productionLimit = "production_limit_percent"
  case productionLimitActive = "production_limit_active"
  case storageControl = "storage_control"
  case relayOn = "relay_on"
  /// What a charger was told, A on each phase.
  case chargingCurrentLimit = "charging_current_limit_a"
  /// How many phases a charger was told to use.
  case chargingPhases = "charging_phases"
  /// 0 no car, 1 connected, 2 charging, 3 fault.
  case chargingState = "charging_state"
  /// SG-Ready, 1 (blocked) to 4.
  case heatPumpState = "sg_ready_state"
  /// A contact that somebody outside operates: 1 is active, whichever way it is wired.
  case contact = "contact"
  /// 1 while the inverter runs an island by its own signal.
  case islanded = "islanded"

  // Surroundings
  case temperature = "temperature_c"
  case humidity = "humidity_percent"
  case irradiance = "irradiance_w_m2"
}

extension Point {
  /// Its place among the cases.
  @inlinable public var order: Int { Int(unsafeBitCast(self, to: UInt8.self)) }

  /// By its place: an enumeration of strings would otherwise hash its text.
  @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(order) }

  /// Decimal places that a value is rounded to when it is recorded: power 1 W, voltage 0.1 V, …
  public var decimals: Int {
    switch self {
    case .voltageL1, .voltageL2, .voltageL3, .pv1Voltage, .pv2Voltage, .batteryVoltage: 1
    case .batteryTemperature, .temperature, .humidity, .soc, .soh: 1
    case .currentL1, .currentL2, .currentL3, .batteryCurrent, .frequency, .chargingCurrentLimit: 2
    case .chargeLimit, .dischargeLimit, .productionLimit: 2
    case .powerFactor, .cellVoltageMax, .cellVoltageMin: 3
    default: 0
    }
  }

  /// The smallest step a record keeps, in the point's own unit.
  public var resolution: Double { [1, 0.1, 0.01, 0.001][decimals] }

  /// What can be true at all; a value outside is marked ``Quality/outOfRange``. A profile may narrow it.
  public var plausibleRange: ClosedRange<Double> {
    switch self {
    case .power, .powerL1, .powerL2, .powerL3, .reactivePower, .apparentPower: -10e6...10e6
    case .pvPower, .pv1Power, .pv2Power: -1000...10e6
    case .batteryPower: -10e6...10e6
    case .chargePowerMax, .dischargePowerMax, .acPowerRating: 0...10e6
    case .voltageL1, .voltageL2, .voltageL3: 0...1000
    case .pv1Voltage, .pv2Voltage, .batteryVoltage: 0...2000
    case .currentL1, .currentL2, .currentL3, .batteryCurrent: -10_000...10_000
    case .powerFactor: -1...1
    case .frequency: 0...100
    case .energyImport, .energyExport, .energyProduced, .pvEnergy, .batteryEnergyCharged, .batteryEnergyDischarged:
      0...1e13
    case .soc, .soh, .humidity: 0...100
    case .chargeLimit, .dischargeLimit: -100...100
    case .productionLimit: 0...100
    case .batteryTemperature, .temperature: -60...150
    case .cellVoltageMax, .cellVoltageMin: 0...10
    case .relayOn, .productionLimitActive, .contact, .islanded: 0...1
    case .chargingCurrentLimit: 0...1000
    case .chargingState: 0...3
    case .chargingPhases: 1...3
    case .heatPumpState: 1...4
    case .irradiance: 0...2000
    case .operatingState, .batteryState, .storageControl: 0...65535
    case .alarms: 0...4_294_967_295
    }
  }

  /// What stands for an interval: the mean of its readings, or the last of them (counters, states, settings).
  public enum Summary: Hashable, Sendable { case mean, last }

  public var summary: Summary {
    switch self {
    case .operatingState, .batteryState, .alarms, .acPowerRating, .chargeLimit, .dischargeLimit, .productionLimit,
      .productionLimitActive, .storageControl, .relayOn, .chargingCurrentLimit, .chargingPhases, .chargingState,
      .heatPumpState, .contact, .islanded:
      .last
    default: isCounter ? .last : .mean
    }
  }

  /// Counters only ever grow, so a fall means a reset and never negative energy.
  public var isCounter: Bool {
    switch self {
    case .energyImport, .energyExport, .energyProduced, .pvEnergy, .batteryEnergyCharged, .batteryEnergyDischarged:
      true
    default: false
    }
  }
}
