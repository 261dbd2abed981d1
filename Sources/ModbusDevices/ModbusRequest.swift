import CModbus
package import DeviceProfile

/// One request, and the check of its answer against it. libmodbus compares neither the unit id of an answer over TCP nor
/// the echo of a write, so this does. Layouts: Modbus Application Protocol 1.1b3, sections 6.1 to 6.6, 6.11 and 6.12.
package struct ModbusRequest: Hashable, Sendable {
  let operation: ModbusFailure.Operation
  /// Function code and data.
  package let body: [UInt8]
  /// Data bytes of the answer to a read.
  private let bytes: Int

  package init(_ block: ReadBlock) {
    operation = .read
    body = [block.space.readFunction] + Self.words([block.start, block.count])
    bytes = block.answerBytes
  }

  /// FC16 for holding registers, or FC06 where the device knows no other; FC05 for one coil, FC15 for several.
  package init(_ write: EncodedWrite) {
    operation = .write
    bytes = 0
    let count = write.registers.count
    switch (write.space, count) {
    case (.coil, 1): body = [5] + Self.words([write.address, write.registers[0] == 0 ? 0 : 0xFF00])
    case (.coil, _):
      var bits = [UInt8](repeating: 0, count: (count + 7) / 8)
      for (index, value) in write.registers.enumerated() where value != 0 { bits[index / 8] |= 1 << (index % 8) }
      body = [15] + Self.words([write.address, count]) + [UInt8(bits.count)] + bits
    case (_, 1) where write.function == .single: body = [6] + Self.words([write.address, Int(write.registers[0])])
    default:
      body = [16] + Self.words([write.address, count]) + [UInt8(count * 2)] + Self.words(write.registers.map(Int.init))
    }
  }

  /// With its head over TCP (Modbus Messaging on TCP/IP 1.0b, section 3.1.3).
  package func frame(transaction: UInt16, unit: Int) -> [UInt8] {
    Self.words([Int(transaction), 0, body.count + 1]) + [UInt8(truncatingIfNeeded: unit)] + body
  }

  /// Where function code and data are in a frame that came over TCP: transaction, protocol and length have to be right;
  /// then the unit, which devices that are asked as 255 answer as they like.
  package func answer(
    in frame: UnsafeBufferPointer<UInt8>, transaction: UInt16, unit: Int
  ) throws(ModbusFailure) -> Range<Int> {
    guard frame.count > 7, frame.prefix(6).elementsEqual(Self.words([Int(transaction), 0, frame.count - 6])) else {
      throw garbled
    }
    guard Int(frame[6]) == unit || unit == 255 else { throw fromAnother }
    return 7..<frame.count
  }

  /// Refuses an answer (function code and data) that is an exception or does not belong to this request.
  package func check(_ answer: UnsafeBufferPointer<UInt8>) throws(ModbusFailure) {
    guard answer.count >= 2 else { throw garbled }
    // No exception has the code 0.
    if answer[0] == body[0] | 0x80, answer.count == 2, answer[1] != 0 {
      throw ModbusFailure(operation, .exception(answer[1]))
    }
    guard answer[0] == body[0] else { throw garbled }
    switch operation {
    case .read: guard Int(answer[1]) == bytes, answer.count == bytes + 2 else { throw garbled }
    // Address and value, or address and count, come back as they were sent.
    case .write, .connect: guard answer.elementsEqual(body.prefix(5)) else { throw garbled }
    }
  }

  var garbled: ModbusFailure { ModbusFailure(operation, .garbled(MODBUS_ENOBASE + 13)) }
  var fromAnother: ModbusFailure { ModbusFailure(operation, .garbled(MODBUS_ENOBASE + 17)) }

  private static func words(_ values: [Int]) -> [UInt8] {
    values.flatMap { [UInt8(truncatingIfNeeded: $0 >> 8), UInt8(truncatingIfNeeded: $0)] }
  }
}

extension ReadBlock {
  /// How long an answer is, without its head.
  package var answerBytes: Int { space.isBits ? (count + 7) / 8 : count * 2 }

  /// Puts the data of a checked answer where it belongs.
  package func place(_ data: UnsafeBufferPointer<UInt8>, into registers: inout [UInt16]) {
    if space.isBits {
      for index in 0..<count { registers[imageOffset + index] = UInt16(data[index / 8] >> (index % 8) & 1) }
      return
    }
    registers.withUnsafeMutableBufferPointer { registers in
      for index in 0..<count {
        registers[imageOffset + index] = UInt16(data[index * 2]) << 8 | UInt16(data[index * 2 + 1])
      }
    }
  }
}

extension RegisterSpace {
  var isBits: Bool { self == .coil || self == .discrete }

  var readFunction: UInt8 {
    switch self {
    case .coil: 1
    case .discrete: 2
    case .holding: 3
    case .input: 4
    }
  }
}
