import DeviceProfile
import EnergyModel

/// A contact on a digital input needs no profile of its own: everything about it follows from the input's number and
/// from how it is wired.
enum ContactProfile {
  static let name = "digital-input"

  /// - Parameter isActiveWhenOpen: whether an open contact (the input reads 0) is the active one, so that a broken wire
  ///   counts as active.
  static func profile(input: Int, isActiveWhenOpen: Bool) -> DeviceProfile {
    let address = RegisterAddress.absolute(.discrete, input)
    let meaning: [UInt64: Double] = isActiveWhenOpen ? [0: 1, 1: 0] : [0: 0, 1: 1]
    let field = RegisterField(address: address, type: .bit, values: meaning)
    return DeviceProfile(
      name: name, title: "Contact on digital input \(input)",
      source: "Modbus Application Protocol V1.1b3, function code 02", confidence: .vendor,
      reading: ReadingRules(maximumRegisters: 1, maximumGap: 0), points: [PointDefinition(.contact, [.init(field)])])
  }
}

/// The two contacts of a heat pump, SG-Ready (Bundesverband Wärmepumpe): K1 alone blocks, none is normal, K2 alone
/// recommends, both force.
enum HeatPumpProfile {
  /// - Parameter coils: K1, or K1 and K2. With K1 alone there are the states 1 and 2.
  static func profile(coils: [Int]) -> DeviceProfile {
    let fields = coils.enumerated().map { index, coil in
      RegisterField(address: .absolute(.coil, coil), type: .bit, scale: .literal(index == 0 ? 1 : 2))
    }
    let states: [Int: Double] = coils.count == 1 ? [0: 2, 1: 1] : [1: 1, 0: 2, 2: 3, 3: 4]
    return DeviceProfile(
      name: "sg-ready-" + coils.map(String.init).joined(separator: "-"),
      title: "SG-Ready contacts on coils \(coils.map(String.init).joined(separator: " and "))",
      source: "Bundesverband Wärmepumpe, SG-Ready; Modbus Application Protocol V1.1b3, function codes 01, 05 and 15",
      confidence: .vendor, reading: ReadingRules(maximumRegisters: 16, maximumGap: 8),
      points: [PointDefinition(.heatPumpState, fields.map { .init($0) }, values: states)],
      commands: [
        CommandDefinition(
          name: "sg_ready", parameters: [.heatPumpState],
          // Relays latch: the pump keeps its state for ever, whatever becomes of the agent.
          onExpiry: .hold, reversion: nil, writes: coils.count == 1 ? blocking(coils[0]) : writes(coils[0], coils[1]))
      ])
  }

  private static func write(_ coil: Int, _ values: [UInt16], _ states: ClosedRange<Double>) -> RegisterWrite {
    RegisterWrite(start: .absolute(.coil, coil), values: values.map { .constant($0) }, only: [.heatPumpState: states])
  }

  private static func blocking(_ coil: Int) -> [RegisterWrite] { [write(coil, [1], 1...1), write(coil, [0], 2...2)] }

  /// Neighbours are switched in one transfer. Others one after the other, in an order in which the state between
  /// lies between the two: never forced on the way from recommended to blocked, never blocked on the way to forced.
  private static func writes(_ k1: Int, _ k2: Int) -> [RegisterWrite] {
    let states: [(k1: UInt16, k2: UInt16)] = [(1, 0), (0, 0), (0, 1), (1, 1)]
    if abs(k1 - k2) == 1 {
      return states.enumerated().map { index, state in
        let number = Double(index + 1)
        return write(min(k1, k2), k1 < k2 ? [state.k1, state.k2] : [state.k2, state.k1], number...number)
      }
    }
    let order: [(coil: Int, value: UInt16, states: [Double])] = [
      (k1, 0, [2, 3]), (k2, 0, [1, 2]), (k2, 1, [3, 4]), (k1, 1, [1, 4]),
    ]
    return order.flatMap { step in step.states.map { write(step.coil, [step.value], $0...$0) } }
  }
}
