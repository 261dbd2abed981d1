/// Models 120, 121, 123 and 124: ratings, settings and controls.
extension InverterImage {
  func writeNameplate(to writer: inout RegisterWriter) {
    let rating = parameters.inverter.rating
    let battery = parameters.battery
    writer.raw(82)
    writer.unsigned(rating, powerFactor)
    writer.factor(powerFactor)
    writer.unsigned(rating, powerFactor)
    writer.factor(powerFactor)
    for sign in [1.0, 1, -1, -1] { writer.signed(sign * rating * 0.6, powerFactor) }
    writer.factor(powerFactor)
    writer.unsigned(rating / 230, -1)
    writer.factor(-1)
    for sign in [1.0, 1, -1, -1] { writer.signed(sign * 0.8, -2) }
    writer.factor(-2)
    writer.unsigned(battery.capacity, energyFactor)
    writer.factor(energyFactor)
    writer.unsigned(ampereHours, -1)
    writer.factor(-1)
    writer.unsigned(battery.chargeMax, powerFactor)
    writer.factor(powerFactor)
    writer.unsigned(battery.dischargeMax, powerFactor)
    writer.factor(powerFactor)
    writer.absentSigned()
  }

  /// Wh are uint16: above 65 kWh they are told in tens.
  var energyFactor: Int { parameters.battery.capacity > 65_000 ? 1 : 0 }

  /// At the nominal 3.2 V of a cell.
  var ampereHours: Double { parameters.battery.capacity / (3.2 * Double(parameters.battery.cells)) }

  func writeBasicSettings(to writer: inout RegisterWriter) {
    writer.unsigned(settings.maximumPower, powerFactor)
    writer.unsigned(230)
    writer.signed(0)
    writer.absent(2)
    writer.unsigned(parameters.inverter.rating, powerFactor)
    writer.absentSigned(4)
    writer.absent()
    writer.absentSigned(4)
    writer.absent(5)
    writer.factor(powerFactor)
    writer.factor(0)
    writer.factor(0)
    writer.absentSigned()
    writer.factor(powerFactor)
    writer.absentSigned(5)
  }

  func writeControls(to writer: inout RegisterWriter) {
    writer.raw(0, settings.connectionTimer.seconds, settings.isConnected ? 1 : 0)
    writer.unsigned(settings.productionLimit, -2)
    writer.raw(0, settings.productionTimer.seconds, 0, settings.isProductionLimited ? 1 : 0)
    // A fixed power factor of one, and no reactive power on request.
    writer.signed(1, -3)
    writer.raw(0, 0, 0, 0)
    writer.absentSigned(3)
    writer.raw(0, 0, 0)
    writer.absent()
    writer.raw(0)
    writer.factor(-2)
    writer.factor(-3)
    writer.absentSigned()
  }

  func writeStorage(to writer: inout RegisterWriter) {
    let condition = truth.batteryCondition
    writer.unsigned(parameters.battery.chargeMax, powerFactor)
    writer.raw(100, 100, settings.storageControl)
    writer.absent()
    writer.unsigned(settings.reserve, -2)
    writer.unsigned(condition.soc, -2)
    writer.unsigned(ampereHours * condition.soc / 100, -1)
    writer.unsigned(condition.voltage, -1)
    writer.raw(chargeState)
    writer.signed(settings.dischargeLimit, -2)
    writer.signed(settings.chargeLimit, -2)
    writer.raw(0, settings.storageTimer.seconds, 0, settings.isGridChargingAllowed ? 1 : 0)
    writer.factor(powerFactor)
    writer.factor(0)
    writer.absentSigned()
    writer.factor(-2)
    writer.factor(-2)
    writer.factor(-1)
    writer.factor(-1)
    writer.factor(-2)
  }

  /// 2 empty, 3 discharging, 4 charging, 5 full, 6 holding; the same in models 124 and 802.
  var chargeState: UInt16 {
    let condition = truth.batteryCondition
    if truth.battery > 15 { return 3 }
    if truth.battery < -15 { return 4 }
    if condition.soc >= 99.5 { return 5 }
    return condition.dischargeMax == 0 ? 2 : 6
  }
}
