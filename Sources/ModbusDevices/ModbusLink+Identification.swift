import CModbus
import EnergyModel
import Glibc
import Threads

extension ModbusLink {
  /// Asks a device what it is. libmodbus does not know how long such an answer is, so its bytes are taken in here; the
  /// connection is given up afterwards where anything but an answer or an exception came.
  func identification(unit: Int, timeout: Duration) throws(ModbusFailure) -> DeviceIdentification {
    guard let context, (1...247).contains(unit) || unit == 255 && !isSerial else {
      throw ModbusFailure(.read, code: EINVAL)
    }
    transaction &+= 1
    let body = [UInt8(unit)] + DeviceIdentification.request
    let head = [UInt8(transaction >> 8), UInt8(transaction & 0xFF), 0, 0, 0, UInt8(body.count)]
    let bytes = isSerial ? body + FrameChecksum.of(body) : head + body
    if isSerial { modbus_flush(context) }
    defer {
      lastExchange = .current
      lastUnit = unit
    }
    do throws(ModbusFailure) {
      let descriptor = modbus_get_socket(context)
      let sent =
        isSerial
        ? Glibc.write(descriptor, bytes, bytes.count)
        : send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      guard sent == bytes.count else { throw ModbusFailure(.read, code: errno) }
      let answer = try takeIn(from: descriptor, head: isSerial ? [] : Array(head[..<4]), until: .current + timeout)
      guard answer.first == UInt8(unit) else { throw ModbusFailure(.read, .garbled(MODBUS_ENOBASE + 17)) }
      if answer.count == 3, answer[1] == 0xAB, answer[2] != 0 { throw ModbusFailure(.read, .exception(answer[2])) }
      guard let found = DeviceIdentification(answer.dropFirst()) else {
        throw ModbusFailure(.read, .garbled(MODBUS_ENOBASE + 13))
      }
      return found
    } catch {
      recover(from: error)
      throw error
    }
  }

  /// Unit, function code and data of the next whole frame.
  private func takeIn(
    from descriptor: Int32, head: [UInt8], until end: MonotonicInstant
  ) throws(ModbusFailure) -> [UInt8] {
    var reader = IdentificationReader(head: head)
    var piece = [UInt8](repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
    while true {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      let remaining = max(0, (end - .current).milliseconds)
      guard poll(&entry, 1, Int32(clamping: remaining)) > 0 else { throw ModbusFailure(.read, .timeout) }
      let count = Glibc.read(descriptor, &piece, piece.count)
      guard count > 0 else { throw ModbusFailure(.read, .connectionLost(count < 0 ? errno : ECONNRESET)) }
      if let answer = try reader.read(piece[..<count]) { return answer }
    }
  }
}

/// Cuts the answer to a question for the identification out of what comes.
package struct IdentificationReader {
  /// Transaction and protocol; empty on a serial line.
  private let head: [UInt8]
  private var bytes: [UInt8] = []

  package init(head: [UInt8]) { self.head = head }

  /// Unit, function code and data once they are whole; nil while they are not.
  package mutating func read(_ piece: some Collection<UInt8>) throws(ModbusFailure) -> [UInt8]? {
    bytes += piece
    if head.isEmpty {
      if bytes.count > 4, FrameChecksum.of(bytes.dropLast(2)) == Array(bytes.suffix(2)) { return bytes.dropLast(2) }
    } else if bytes.count > 6 {
      let end = 6 + (Int(bytes[4]) << 8 | Int(bytes[5]))
      guard bytes.starts(with: head), end <= Int(MODBUS_MAX_ADU_LENGTH) else { throw Self.garbled }
      if bytes.count >= end { return Array(bytes[6..<end]) }
    }
    guard bytes.count <= Int(MODBUS_MAX_ADU_LENGTH) else { throw Self.garbled }
    return nil
  }

  private static var garbled: ModbusFailure { ModbusFailure(.read, .garbled(MODBUS_ENOBASE + 13)) }
}
