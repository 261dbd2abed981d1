/// What a client asks (Modbus Application Protocol 1.1b3, section 6). Addresses as on the wire.
public enum ModbusRequest: Hashable, Sendable {
  case readCoils(address: Int, count: Int)
  case readDiscrete(address: Int, count: Int)
  case readHolding(address: Int, count: Int)
  case readInput(address: Int, count: Int)
  case writeCoil(address: Int, isOn: Bool)
  case writeRegister(address: Int, value: UInt16)
  case writeCoils(address: Int, areOn: [Bool])
  case writeRegisters(address: Int, values: [UInt16])

  /// Reads a protocol data unit: function code and what follows it.
  public init(_ unit: some Collection<UInt8>) throws(ModbusException) {
    let bytes = Array(unit)
    guard let function = bytes.first else { throw .illegalFunction }
    guard [1, 2, 3, 4, 5, 6, 15, 16].contains(function) else { throw .illegalFunction }
    guard bytes.count >= 5 else { throw .illegalDataValue }
    let address = Int(Self.word(bytes, 1))
    let word = Self.word(bytes, 3)
    switch function {
    case 1: self = .readCoils(address: address, count: try Self.count(word, in: 1...2000))
    case 2: self = .readDiscrete(address: address, count: try Self.count(word, in: 1...2000))
    case 3: self = .readHolding(address: address, count: try Self.count(word, in: 1...125))
    case 4: self = .readInput(address: address, count: try Self.count(word, in: 1...125))
    case 5:
      guard word == 0xFF00 || word == 0 else { throw .illegalDataValue }
      self = .writeCoil(address: address, isOn: word != 0)
    case 6: self = .writeRegister(address: address, value: word)
    case 15:
      let count = try Self.count(word, in: 1...1968)
      let data = try Self.data(bytes, count: (count + 7) / 8)
      self = .writeCoils(address: address, areOn: (0..<count).map { data[$0 / 8] >> ($0 % 8) & 1 == 1 })
    default:
      let count = try Self.count(word, in: 1...123)
      let data = try Self.data(bytes, count: count * 2)
      self = .writeRegisters(address: address, values: (0..<count).map { Self.word(data, $0 * 2) })
    }
  }

  private static func word(_ bytes: [UInt8], _ index: Int) -> UInt16 {
    UInt16(bytes[index]) << 8 | UInt16(bytes[index + 1])
  }

  private static func count(_ word: UInt16, in range: ClosedRange<Int>) throws(ModbusException) -> Int {
    guard range.contains(Int(word)) else { throw .illegalDataValue }
    return Int(word)
  }

  private static func data(_ bytes: [UInt8], count: Int) throws(ModbusException) -> [UInt8] {
    guard bytes.count == 6 + count, Int(bytes[5]) == count else { throw .illegalDataValue }
    return Array(bytes[6...])
  }
}

/// What a device answers, as a protocol data unit.
public enum ModbusReply: Hashable, Sendable {
  case bits([Bool])
  case registers([UInt16])
  /// A write that was carried out: its request's first four bytes are echoed.
  case done

  public func unit(answering request: [UInt8]) -> [UInt8] {
    switch self {
    case .bits(let bits):
      var bytes = [UInt8](repeating: 0, count: (bits.count + 7) / 8)
      for (index, isOn) in bits.enumerated() where isOn { bytes[index / 8] |= 1 << (index % 8) }
      return [request[0], UInt8(bytes.count)] + bytes
    case .registers(let words):
      return [request[0], UInt8(words.count * 2)] + words.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    case .done:
      return Array(request.prefix(5))
    }
  }
}
