import DeviceProfile
import EnergyModel

/// What the registers that clients wrote ask for. A command's writes are alternatives by the setpoints that they belong
/// to: those that what was written contradicts do not count.
extension ProfileImage {
  /// Whether some write of the command has these values for the registers that were written.
  func check(_ index: Int, _ places: Set<CellPlace>) throws(ModbusException) {
    let writes = profile.commands[index].writes
    for place in places {
      var isKnown = false
      var isTaken = false
      for write in writes {
        for (value, at) in located(write) where at.contains(place) {
          isKnown = true
          isTaken = isTaken || takes(value, at, write)
        }
      }
      guard !isKnown || isTaken else { throw .illegalDataValue }
    }
  }

  private func takes(_ value: WriteValue, _ places: [CellPlace], _ write: RegisterWrite) -> Bool {
    switch value {
    case .constant(let number): return received[places[0]] == number
    case .reversionTime, .failsafeCurrent: return true
    case .parameter(let kind, _, let percentOf, let atMost):
      guard let setpoint = setpoint(value, places) else { return false }
      if percentOf != nil, let raw = percent(value, places), !(-100...100).contains(raw) { return false }
      if let atMost, let most = reading(atMost), setpoint.magnitude > most { return false }
      return write.only[kind].map { range in range.contains(setpoint) } ?? true
    }
  }

  /// Takes the setpoints from the writes that count; later ones overrule earlier ones.
  mutating func understand(_ index: Int) {
    let command = profile.commands[index]
    for kind in command.parameters { setpoints[kind] = nil }
    for write in command.writes where counts(write, command) {
      for (kind, range) in write.only where range.upperBound - range.lowerBound <= 10 && range.contains(0) {
        setpoints[kind] = 0
      }
      for (kind, range) in write.only where range.lowerBound == range.upperBound { setpoints[kind] = range.lowerBound }
      for (value, places) in located(write) {
        if case .parameter(let kind, _, _, _) = value { setpoints[kind] = setpoint(value, places) }
      }
    }
  }

  /// All of it was written, and no register of its kind says something else.
  private func counts(_ write: RegisterWrite, _ command: CommandDefinition) -> Bool {
    let values = located(write)
    guard values.allSatisfy({ $1.allSatisfy { received[$0] != nil } && takes($0, $1, write) }) else { return false }
    return command.writes.allSatisfy { other in
      other.only != write.only || !isContradicted(other, command)
    }
  }

  /// A number stands where the write has another, and nothing that may go along with it has put it there.
  private func isContradicted(_ write: RegisterWrite, _ command: CommandDefinition) -> Bool {
    located(write).contains { value, places in
      guard case .constant(let number) = value, let word = received[places[0]], word != number else { return false }
      return !command.writes.contains { other in
        Self.canGoAlong(other.only, write.only)
          && located(other).contains { $1.contains(places[0]) && $0 != value && takes($0, $1, other) }
      }
    }
  }

  /// Whether a write belongs to all that another belongs to, so that both are written one after the other.
  private static func canGoAlong(
    _ one: [SetpointKind: ClosedRange<Double>], _ other: [SetpointKind: ClosedRange<Double>]
  ) -> Bool {
    one.allSatisfy { kind, range in other[kind].map(range.overlaps) ?? false }
  }

  private func setpoint(_ value: WriteValue, _ places: [CellPlace]) -> Double? {
    guard case .parameter(_, _, let percentOf, _) = value, let number = percent(value, places) else { return nil }
    guard let percentOf else { return number }
    return reading(percentOf).map { number / 100 * $0 }
  }

  /// What stands in the registers of a parameter, scaled.
  private func percent(_ value: WriteValue, _ places: [CellPlace]) -> Double? {
    guard case .parameter(_, let field, _, _) = value else { return nil }
    let words = places.compactMap { received[$0] }
    return words.count == places.count ? decoded(field, words) : nil
  }

  /// A write's values and where they go.
  func located(_ write: RegisterWrite) -> [(WriteValue, [CellPlace])] {
    guard var at = place(write.start) else { return [] }
    return write.values.map { value in
      defer { at = at.advanced(by: value.registers) }
      return (value, (0..<value.registers).map(at.advanced))
    }
  }

  func decoded(_ field: RegisterField, _ words: [UInt16]) -> Double? {
    guard let type = WireType(rawValue: field.type.rawValue) else { return words.first.map { Double($0) } }
    let bits = field.bits(words)
    if profile.isSunSpec, bits == type.absent, type.absent != 0 { return nil }
    let number = type.number(bits)
    return number.isFinite ? number * step(of: field.scale) + field.plus : nil
  }

  /// What a register tells now.
  func reading(_ field: RegisterField) -> Double? {
    guard let place = place(field.address), let words = cells.words(at: place, field.type.width) else { return nil }
    return decoded(field, words)
  }
}
