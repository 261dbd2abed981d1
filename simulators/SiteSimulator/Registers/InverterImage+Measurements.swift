/// Models 103 and 160: what the inverter measures.
extension InverterImage {
  func writeInverter(to writer: inout RegisterWriter) {
    let voltage = truth.voltage
    let power = truth.inverter
    let currents = PhaseValues(
      abs(power.l1) / voltage.l1, abs(power.l2) / voltage.l2, abs(power.l3) / voltage.l3)
    writer.unsigned(currents.total, -2)
    for phase in 0..<3 { writer.unsigned(currents[phase], -2) }
    writer.factor(-2)
    for pair in [(0, 1), (1, 2), (2, 0)] {
      writer.unsigned((voltage[pair.0] + voltage[pair.1]) / 2 * 3.0.squareRoot(), -1)
    }
    for phase in 0..<3 { writer.unsigned(voltage[phase], -1) }
    writer.factor(-1)
    writer.signed(power.total, powerFactor)
    writer.factor(powerFactor)
    writer.unsigned(truth.frequency, -2)
    writer.factor(-2)
    writer.signed(abs(power.total), powerFactor)
    writer.factor(powerFactor)
    writer.signed(0)
    writer.factor(0)
    writer.signed(100, -2)
    writer.factor(-2)
    writer.accumulator(Lifetime.inverter + truth.energy.inverterProduced)
    writer.factor(0)
    // Two trackers and a battery have no single DC voltage and current; model 160 has them.
    writer.absent()
    writer.absentSigned()
    writer.absent()
    writer.absentSigned()
    writer.signed(truth.pv + truth.battery, powerFactor)
    writer.factor(powerFactor)
    writer.signed(28 + abs(power.total) / 500, -1)
    writer.absentSigned(3)
    writer.factor(-1)
    writer.raw(operatingState)
    writer.absent()
    writer.fill(0, 4)
    writer.absent(8)
  }

  /// 4 MPPT, 5 throttled, 6 shutting down, 8 standby.
  private var operatingState: UInt16 {
    if !settings.isConnected { return 6 }
    if truth.curtailed > 20 { return 5 }
    return truth.pv < 5 && abs(truth.battery) < 5 ? 8 : 4
  }

  /// Four modules, as Fronius hybrids have them: two strings, battery charging, battery discharging.
  func writeTrackers(to writer: inout RegisterWriter) {
    writer.factor(-2)
    writer.factor(-1)
    writer.factor(powerFactor)
    writer.factor(0)
    writer.fill(0, 2)
    writer.raw(4)
    writer.absent()
    let (first, second) = (truth.strings.first, truth.strings.second)
    let voltage = truth.batteryCondition.voltage
    write(module: 1, "MPPT1", first.power, first.voltage, Lifetime.string + first.energy, to: &writer)
    write(module: 2, "MPPT2", second.power, second.voltage, Lifetime.string + second.energy, to: &writer)
    let warm = truth.batteryCondition.temperature
    let (charge, discharge) = (max(0, -truth.battery), max(0, truth.battery))
    write(module: 3, "StCha", charge, voltage, Lifetime.charged + truth.energy.charged, warm, to: &writer)
    write(module: 4, "StDisCha", discharge, voltage, Lifetime.discharged + truth.energy.discharged, warm, to: &writer)
  }

  private func write(
    module: UInt16, _ name: String, _ power: Double, _ voltage: Double, _ energy: Double,
    _ temperature: Double? = nil, to writer: inout RegisterWriter
  ) {
    writer.raw(module)
    writer.text(name, registers: 8)
    writer.unsigned(voltage > 1 ? power / voltage : 0, -2)
    writer.unsigned(voltage, -1)
    writer.unsigned(power, powerFactor)
    writer.accumulator(energy)
    writer.absent(2)
    if let temperature { writer.signed(temperature) } else { writer.absentSigned() }
    writer.raw(power > 5 ? 4 : 8)
    writer.fill(0, 2)
  }
}
