import DeviceProfile
import EnergyModel

/// From writes back to what is asked, with the device's own timer.
extension ProfileImage {
  /// Registers that commands write exist; whether they can be read is the profile's word. References of percentages and
  /// limits have the rating until a value says otherwise.
  mutating func declareCommands(rating: Double) {
    for (index, command) in profile.commands.enumerated() {
      for write in command.writes {
        guard let start = place(write.start) else { continue }
        let count = write.values.reduce(0) { $0 + $1.registers }
        for offset in 0..<count {
          writable[start.advanced(by: offset), default: []].insert(index)
          guard write.readBack == .same else { continue }
          readable.insert(start.advanced(by: offset))
          // What a point shows is the point's; the rest rests at zero.
          cells.declare(start.advanced(by: offset), 1)
          if profile.isSunSpec { cells[start.advanced(by: offset)] = 0 }
        }
        for case .parameter(_, _, let percentOf, let atMost) in write.values {
          for field in [percentOf, atMost].compactMap({ $0 }) { setReference(field, rating) }
        }
      }
    }
  }

  private mutating func setReference(_ field: RegisterField, _ rating: Double) {
    guard let place = place(field.address), let type = WireType(rawValue: field.type.rawValue) else { return }
    if case .factor(let address, let times) = field.scale, let factor = self.place(address) {
      exponents[factor] = Self.exponent(for: rating / times, resolution: 1 / abs(times), field)
      fixedFactors.insert(factor)
    }
    if let point = points.first(where: { $0.terms.map(\.field.address) == [field.address] }) {
      values[point.point] = rating
    }
    cells.set(field.words(type.bits((rating - field.plus) / step(of: field.scale))), at: place)
  }

  /// Carries out a write as a whole, or refuses it as a whole.
  mutating func write(_ request: ModbusRequest) throws(ModbusException) {
    let (start, words, isSingle): (CellPlace, [UInt16], Bool)
    switch request {
    case .writeRegister(let address, let value):
      (start, words, isSingle) = (CellPlace(space: .holding, address: address), [value], true)
    case .writeRegisters(let address, let values):
      (start, words, isSingle) = (CellPlace(space: .holding, address: address), values, false)
    case .writeCoil(let address, let isOn):
      (start, words, isSingle) = (CellPlace(space: .coil, address: address), [isOn ? 1 : 0], true)
    case .writeCoils(let address, let areOn):
      (start, words, isSingle) = (CellPlace(space: .coil, address: address), areOn.map { $0 ? 1 : 0 }, false)
    default: throw .illegalFunction
    }
    guard writable.keys.contains(where: { $0.space == start.space }) else { throw .illegalFunction }
    var touched: Set<Int> = []
    for offset in words.indices {
      guard let commands = writable[start.advanced(by: offset)] else { throw .illegalDataAddress }
      touched.formUnion(commands)
    }
    try checkFunction(start, isSingle: isSingle)
    var changed = self
    changed.store(words, at: start)
    for command in touched.sorted() { try changed.understand(command, start, words) }
    self = changed
  }

  private func checkFunction(_ start: CellPlace, isSingle: Bool) throws(ModbusException) {
    guard start.space == .holding else { return }
    let here = profile.commands.flatMap(\.writes).filter { write in
      place(write.start).map { covers($0, write).contains(start) } ?? false
    }
    let knowsSeveral = here.contains { $0.function == .multiple }
    // A device that takes a value of several registers does not take a part of it.
    let knowsSingle = here.contains { $0.function == .single || $0.values.contains { $0.registers == 1 } }
    guard isSingle ? knowsSingle : knowsSeveral else { throw .illegalFunction }
  }

  private func covers(_ start: CellPlace, _ write: RegisterWrite) -> Set<CellPlace> {
    Set((0..<write.values.reduce(0) { $0 + $1.registers }).map(start.advanced))
  }

  private mutating func store(_ words: [UInt16], at start: CellPlace) {
    for (offset, word) in words.enumerated() {
      let place = start.advanced(by: offset)
      received[place] = word
      written.insert(place)
      if readable.contains(place) { cells[place] = word }
    }
  }

  /// Takes what a command's registers say now, checks it, and begins the timer anew.
  private mutating func understand(
    _ index: Int, _ start: CellPlace, _ words: [UInt16]
  ) throws(ModbusException) {
    let command = profile.commands[index]
    let touched = Set(words.indices.map { start.advanced(by: $0) })
    var constants: [CellPlace: Set<UInt16>] = [:]
    for write in command.writes {
      guard var at = place(write.start) else { continue }
      for value in write.values {
        let places = (0..<value.registers).map(at.advanced)
        if !touched.isDisjoint(with: places) { try take(value, at: places, command, &constants) }
        at = at.advanced(by: value.registers)
      }
      show(write, touched)
    }
    // Where several writes have a number for one register, any of them is meant.
    for (place, taken) in constants where !(received[place].map(taken.contains) ?? true) { throw .illegalDataValue }
    restart(index)
  }

  private mutating func take(
    _ value: WriteValue, at places: [CellPlace], _ command: CommandDefinition,
    _ constants: inout [CellPlace: Set<UInt16>]
  ) throws(ModbusException) {
    switch value {
    case .constant(let number): constants[places[0], default: []].insert(number)
    case .reversionTime, .failsafeCurrent: break
    case .parameter(let kind, let field, let percentOf, let atMost):
      // A value whose other half was never written is none yet.
      let words = places.compactMap { received[$0] ?? cells[$0] }
      guard words.count == places.count, let value = decoded(field, words) else { throw .illegalDataValue }
      var setpoint = value
      if let percentOf {
        guard (-100...100).contains(value), let reference = reading(percentOf) else { throw .illegalDataValue }
        setpoint = value / 100 * reference
      }
      if let atMost, let most = reading(atMost), abs(setpoint) > most { throw .illegalDataValue }
      setpoints[kind] = setpoint
    }
  }

  private func decoded(_ field: RegisterField, _ words: [UInt16]) -> Double? {
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

  /// Where another register shows what was written.
  private mutating func show(_ write: RegisterWrite, _ touched: Set<CellPlace>) {
    guard case .field(let field) = write.readBack, let start = place(write.start), touched.contains(start),
      let word = received[start], let shown = place(field.address), let type = WireType(rawValue: field.type.rawValue)
    else { return }
    cells.set(field.words(type.bits(Double(word))), at: shown)
    for offset in 0..<field.type.width { written.insert(shown.advanced(by: offset)) }
  }

  private mutating func restart(_ index: Int) {
    let command = profile.commands[index]
    var seconds = command.reversion?.components.seconds ?? 0
    for write in command.writes {
      guard var at = place(write.start) else { continue }
      for value in write.values {
        if value == .reversionTime { seconds = Int64(received[at] ?? 0) }
        at = at.advanced(by: value.registers)
      }
    }
    timers[index].seconds = UInt16(clamping: command.onExpiry == .hold ? 0 : seconds)
    timers[index].restart()
  }

  /// The registers of a command as they are now.
  func restingWords(_ index: Int) -> [CellPlace: UInt16] {
    var words: [CellPlace: UInt16] = [:]
    for place in commandPlaces(index) { words[place] = cells[place] }
    return words
  }

  private func commandPlaces(_ index: Int) -> Set<CellPlace> {
    var places = Set(writable.filter { $0.value.contains(index) }.keys)
    for write in profile.commands[index].writes {
      guard case .field(let field) = write.readBack, let start = place(field.address) else { continue }
      places.formUnion((0..<field.type.width).map(start.advanced))
    }
    return places
  }

  /// Nobody has refreshed the command in time: the device releases it, or falls back to what was armed.
  mutating func revert(_ index: Int) {
    reversions += 1
    let command = profile.commands[index]
    let fallback = command.onExpiry == .safe ? armedFallback(command) : nil
    for place in commandPlaces(index) {
      // What was armed stays armed; only what was asked for goes.
      written.remove(place)
      if let word = resting[index][place] { cells[place] = word }
    }
    for kind in command.parameters { setpoints[kind] = fallback }
    if let fallback { showFallback(fallback, command) }
    encode()
  }

  /// What a charger was told to fall back to; zero where the profile knows of no such register.
  private func armedFallback(_ command: CommandDefinition) -> Double {
    for write in command.writes {
      guard var at = place(write.start) else { continue }
      for value in write.values {
        if case .failsafeCurrent(let field) = value {
          let words = (0..<value.registers).compactMap { received[at.advanced(by: $0)] }
          return words.count == value.registers ? decoded(field, words) ?? 0 : 0
        }
        at = at.advanced(by: value.registers)
      }
    }
    return 0
  }

  private mutating func showFallback(_ fallback: Double, _ command: CommandDefinition) {
    for write in command.writes {
      guard case .field(let shown) = write.readBack, let place = place(shown.address),
        case .parameter(_, let field, _, _)? = write.values.first, write.values.count == 1,
        let type = WireType(rawValue: shown.type.rawValue)
      else { continue }
      cells.set(shown.words(type.bits((fallback - field.plus) / step(of: field.scale))), at: place)
      for offset in 0..<shown.type.width { written.insert(place.advanced(by: offset)) }
    }
  }
}
