import DeviceProfile
import EnergyModel

/// A load behind a coil needs no profile of its own: everything about it follows from the coil's number.
enum RelayProfile {
  static func profile(coil: Int) -> DeviceProfile {
    let address = RegisterAddress.absolute(.coil, coil)
    let field = RegisterField(address: address, type: .bit)
    return DeviceProfile(
      name: "coil-\(coil)", title: "Relay on coil \(coil)",
      source: "Modbus Application Protocol V1.1b3, function codes 01 and 05", confidence: .vendor,
      reading: ReadingRules(maximumRegisters: 1, maximumGap: 0),
      points: [PointDefinition(.relayOn, [.init(field)])],
      commands: [
        CommandDefinition(
          name: "relay", parameters: [.relayOn],
          // A relay latches: it keeps its place for ever, whatever becomes of the agent.
          onExpiry: .hold, reversion: nil,
          writes: [RegisterWrite(start: address, values: [.parameter(.relayOn, field: field, percentOf: nil)])])
      ])
  }
}
