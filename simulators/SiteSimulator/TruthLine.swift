public import EnergyModel

extension SiteBench {
  /// The truth as one line of JSON, every name with its unit. `t` is the wall time of the machine, which
  /// the sky's calendar need not follow.
  public func truthLine(at wall: Timestamp) -> String {
    let (truth, settings) = (world.truth, world.settings)
    var json = JSONText()
    json.object { json in
      json.member("t", wall.milliseconds)
      json.member("grid_w", truth.grid.total, decimals: 2)
      json.member("pv_w", truth.pv, decimals: 2)
      json.member("battery_w", truth.battery, decimals: 2)
      json.member("inverter_w", truth.inverter.total, decimals: 2)
      json.member("load_w", truth.load.total, decimals: 2)
      json.member("losses_w", truth.losses, decimals: 2)
      json.member("curtailed_w", truth.curtailed, decimals: 2)
      json.member("boiler_w", truth.boiler, decimals: 2)
      json.member("soc_percent", truth.batteryCondition.soc, decimals: 3)
      for phase in 0..<3 { json.member("grid_l\(phase + 1)_w", truth.grid[phase], decimals: 2) }
      Self.write(truth.energy, to: &json)
      json.member("charge_limit_percent", settings.chargeLimit, decimals: 2)
      json.member("discharge_limit_percent", settings.dischargeLimit, decimals: 2)
      json.member("production_limit_percent", settings.productionLimit, decimals: 2)
      json.member("production_limited", settings.isProductionLimited)
      json.member("storage_control", settings.storageControl)
      Self.write(truth.car, to: &json)
      json.member("heat_pump_w", truth.heatPump.power, decimals: 2)
      json.member("heat_store_c", truth.heatPump.store, decimals: 2)
      json.member("sg_ready_state", truth.heatPump.state)
      json.member("contact_closed", world.overrides.isContactClosed)
      json.member("relay_on", world.relays[0])
      json.member("reversions", truth.reversions)
      json.member("writes", truth.writes)
    }
    return json.text
  }

  private static func write(_ car: CarCondition, to json: inout JSONText) {
    json.member("car_w", car.power.total, decimals: 2)
    json.member("car_current_a", car.current, decimals: 2)
    json.member("car_here", car.isHere)
    json.member("car_soc_percent", car.soc, decimals: 3)
    json.member("charging_offered_a", car.offered, decimals: 2)
    json.member("charger_reversions", car.reversions)
    json.member("charger_writes", car.writes)
  }

  private static func write(_ energy: EnergyCounters, to json: inout JSONText) {
    json.member("import_wh", energy.gridImport, decimals: 4)
    json.member("export_wh", energy.gridExport, decimals: 4)
    json.member("inverter_wh", energy.inverterProduced, decimals: 4)
    json.member("inverter_absorbed_wh", energy.inverterAbsorbed, decimals: 4)
    json.member("load_wh", energy.load, decimals: 4)
    json.member("pv_wh", energy.pv, decimals: 4)
    json.member("charged_wh", energy.charged, decimals: 4)
    json.member("discharged_wh", energy.discharged, decimals: 4)
  }
}
