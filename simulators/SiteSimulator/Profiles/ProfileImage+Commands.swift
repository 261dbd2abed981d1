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

  /// The counter that its controller keeps running. It sets nothing.
  mutating func declareHeartbeat() {
    guard let field = profile.heartbeat?.field, let start = place(field.address) else { return }
    for place in (0..<field.type.width).map(start.advanced) {
      writable[place, default: []] = []
      readable.insert(place)
      cells[place] = 0
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
    let places = Set(words.indices.map { start.advanced(by: $0) })
    for command in touched.sorted() {
      try changed.check(command, places)
      changed.understand(command)
      changed.show(command, places)
      changed.restart(command)
    }
    self = changed
  }

  private func checkFunction(_ start: CellPlace, isSingle: Bool) throws(ModbusException) {
    let isHeartbeat = profile.heartbeat.flatMap { place($0.field.address) } == start
    guard start.space == .holding, !isHeartbeat else { return }
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
}
