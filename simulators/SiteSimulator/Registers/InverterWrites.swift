/// Which registers of models 121, 123 and 124 can be written, and what a write means.
extension InverterSettings {
  /// Carries out a write of consecutive registers as a whole, or refuses it as a whole.
  /// - Parameters:
  ///   - present: the image as it is served, from ``SunSpecChain/base`` on.
  ///   - powerFactor: exponent of ten of the powers in that image.
  mutating func write(
    _ values: [UInt16], at address: Int, present: [UInt16], rating: Double, powerFactor: Int
  ) throws(ModbusException) {
    var changed = self
    for (index, value) in values.enumerated() {
      guard let place = SunSpecChain.place(address + index), Self.isWritable(place.model, place.offset) else {
        throw .illegalDataAddress
      }
      // A register that serves a constant takes that constant and nothing else.
      let served = present[address + index - SunSpecChain.base]
      let isTaken =
        try changed.take(value, place.model, place.offset, rating: rating, powerFactor: powerFactor)
        || value == served
      guard isTaken else { throw .illegalDataValue }
    }
    for index in values.indices {
      guard let place = SunSpecChain.place(address + index) else { continue }
      changed.restartTimer(place.model, place.offset)
    }
    self = changed
  }

  private static func isWritable(_ model: Int, _ offset: Int) -> Bool {
    switch model {
    case 121: (2...21).contains(offset)
    case 123: (2...22).contains(offset)
    case 124: (2...7).contains(offset) || (12...17).contains(offset)
    default: false
    }
  }

  /// False where no setting lies behind the register.
  private mutating func take(
    _ value: UInt16, _ model: Int, _ offset: Int, rating: Double, powerFactor: Int
  ) throws(ModbusException) -> Bool {
    switch (model, offset) {
    case (121, 2):
      var watts = Double(value)
      for _ in 0..<powerFactor { watts *= 10 }
      guard watts > 0, watts <= rating else { throw .illegalDataValue }
      maximumPower = watts
    case (123, 3): connectionTimer.seconds = value
    case (123, 4): isConnected = try Self.flag(value)
    case (123, 5): productionLimit = try Self.percent(Int(value), from: 0)
    case (123, 7): productionTimer.seconds = value
    case (123, 9): isProductionLimited = try Self.flag(value)
    case (124, 5):
      guard value <= 3 else { throw .illegalDataValue }
      storageControl = value
    case (124, 7): reserve = try Self.percent(Int(value), from: 0)
    case (124, 12): dischargeLimit = try Self.percent(Int(Int16(bitPattern: value)), from: -100)
    case (124, 13): chargeLimit = try Self.percent(Int(Int16(bitPattern: value)), from: -100)
    case (124, 15): storageTimer.seconds = value
    case (124, 17): isGridChargingAllowed = try Self.flag(value)
    default: return false
    }
    return true
  }

  private static func flag(_ value: UInt16) throws(ModbusException) -> Bool {
    guard value <= 1 else { throw .illegalDataValue }
    return value == 1
  }

  /// Hundredths of a percent.
  private static func percent(_ raw: Int, from lowest: Int) throws(ModbusException) -> Double {
    guard (lowest * 100...10_000).contains(raw) else { throw .illegalDataValue }
    return Double(raw) / 100
  }

  /// Writing a limit, its switch or its time begins its timer anew, even with the same value.
  private mutating func restartTimer(_ model: Int, _ offset: Int) {
    switch (model, offset) {
    case (123, 3), (123, 4): connectionTimer.restart()
    case (123, 5), (123, 7), (123, 9): productionTimer.restart()
    case (124, 5), (124, 12), (124, 13), (124, 15): storageTimer.restart()
    default: break
    }
  }
}
