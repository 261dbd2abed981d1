import DeviceProfile

/// Where one register or coil is on the wire.
struct CellPlace: Hashable, Sendable {
  var space: RegisterSpace
  var address: Int

  func advanced(by count: Int) -> CellPlace { CellPlace(space: space, address: address + count) }
}

/// The registers and coils of a device, as they are read.
struct RegisterCells: Sendable {
  private var words: [CellPlace: UInt16] = [:]

  subscript(place: CellPlace) -> UInt16? {
    get { words[place] }
    set { words[place] = newValue }
  }

  /// Nil where one of them does not exist.
  func words(at place: CellPlace, _ count: Int) -> [UInt16]? {
    var found: [UInt16] = []
    for offset in 0..<count {
      guard let word = words[place.advanced(by: offset)] else { return nil }
      found.append(word)
    }
    return found
  }

  mutating func set(_ new: [UInt16], at place: CellPlace) {
    for (offset, word) in new.enumerated() { words[place.advanced(by: offset)] = word }
  }

  /// Makes registers exist; those that do already stay as they are.
  mutating func declare(_ place: CellPlace, _ count: Int, as word: UInt16 = 0) {
    for offset in 0..<count where words[place.advanced(by: offset)] == nil {
      words[place.advanced(by: offset)] = word
    }
  }

  func has(_ space: RegisterSpace) -> Bool { words.keys.contains { $0.space == space } }

  /// The answer to a read.
  func read(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply {
    let (space, address, count): (RegisterSpace, Int, Int)
    switch request {
    case .readCoils(let first, let number): (space, address, count) = (.coil, first, number)
    case .readDiscrete(let first, let number): (space, address, count) = (.discrete, first, number)
    case .readHolding(let first, let number): (space, address, count) = (.holding, first, number)
    case .readInput(let first, let number): (space, address, count) = (.input, first, number)
    default: throw .illegalFunction
    }
    guard has(space) else { throw .illegalFunction }
    guard let found = words(at: CellPlace(space: space, address: address), count) else { throw .illegalDataAddress }
    return space == .coil || space == .discrete ? .bits(found.map { $0 != 0 }) : .registers(found)
  }
}
