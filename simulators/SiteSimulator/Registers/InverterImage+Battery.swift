import EnergyModel

/// Model 802: the battery as its management unit tells it. Power and current are positive on discharge.
extension InverterImage {
  func writeBattery(to writer: inout RegisterWriter) {
    let condition = truth.batteryCondition
    let battery = parameters.battery
    writer.unsigned(ampereHours, -1)
    writer.unsigned(battery.capacity, energyFactor)
    writer.unsigned(battery.chargeMax, powerFactor)
    writer.unsigned(battery.dischargeMax, powerFactor)
    writer.absent()
    writer.unsigned(100, -2)
    writer.unsigned(battery.floor, -2)
    writer.absent(2)
    writer.unsigned(condition.soc, -2)
    writer.unsigned(100 - condition.soc, -2)
    writer.unsigned(98.5, -2)
    writer.unsigned32(condition.cycles)
    writer.raw(chargeState, 0)
    writer.raw(heartbeat)
    writer.absent()
    writer.raw(0, 4, condition.dischargeMax == 0 ? 5 : 3)
    writer.absent(3)
    writer.fill(0, 8)
    writeVoltages(to: &writer)
    writer.signed(condition.current, -1)
    writer.unsigned(condition.chargeMax / max(1, condition.voltage), -1)
    writer.unsigned(condition.dischargeMax / max(1, condition.voltage), -1)
    writer.signed(truth.battery, powerFactor)
    writer.raw(0)
    writer.signed(0)
    writer.raw(1, settings.isConnected ? 3 : 2)
    writer.factor(-1)
    writer.factor(energyFactor)
    writer.factor(powerFactor)
    writer.absentSigned()
    for exponent in [-2, -2, -2, -1, -3, -1, -1, powerFactor] { writer.factor(exponent) }
  }

  private func writeVoltages(to writer: inout RegisterWriter) {
    let condition = truth.batteryCondition
    let cells = Double(parameters.battery.cells)
    writer.unsigned(condition.voltage, -1)
    writer.unsigned(3.6 * cells, -1)
    writer.unsigned(2.7 * cells, -1)
    writer.unsigned(condition.cellMaximum, -3)
    writer.absent(2)
    writer.unsigned(condition.cellMinimum, -3)
    writer.absent(2)
    writer.unsigned((condition.cellMaximum + condition.cellMinimum) / 2, -3)
  }

  /// Counts seconds of the world, so that a reader sees that the unit lives.
  private var heartbeat: UInt16 { UInt16((truth.time.milliseconds / 1000) % 32_768) }
}
