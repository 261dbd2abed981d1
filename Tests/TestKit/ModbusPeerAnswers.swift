import EnergyModel
import Glibc
import Synchronization
import Threads

// Frames and answers of a ``ModbusPeer``.

extension ModbusPeer {
  /// The next whole request: its head (transaction and protocol), its unit, function code and data.
  func takeRequest(_ line: inout Line) -> (head: [UInt8], unit: Int, body: [UInt8])? {
    let waiting = line.waiting
    if !isSerial {
      guard waiting.count >= 7 else { return nil }
      let end = 6 + Int(waiting[4]) << 8 + Int(waiting[5])
      guard waiting.count >= end, end >= 12 else { return nil }
      line.waiting.removeFirst(end)
      return (Array(waiting[..<4]), Int(waiting[6]), Array(waiting[7..<end]))
    }
    guard waiting.count >= 8 else { return nil }
    let end = waiting[1] == 15 || waiting[1] == 16 ? 9 + Int(waiting[6]) : 8
    guard waiting.count >= end else { return nil }
    line.waiting.removeFirst(end)
    guard Self.checksum(waiting[..<(end - 2)]) == Array(waiting[(end - 2)..<end]) else {
      line.waiting = []
      return nil
    }
    return ([0, 0, 0, 0], Int(waiting[0]), Array(waiting[1..<(end - 2)]))
  }

  func answer(_ request: Request, _ body: [UInt8], _ head: [UInt8], _ line: inout Line) {
    let behaviour = decide(request)
    let other = misplaced.withLock { $0.removeValue(forKey: request.unit) }
    var head = head
    var unit = request.unit
    var reply = carryOut(request, body, isIgnored: behaviour == .ignoreWrite)
    if let other { reply = other }
    var due = MonotonicInstant.current
    switch behaviour {
    case .answer, .ignoreWrite, .drip, .cut, .badChecksum: break
    case .swallow: return
    case .late(let milliseconds): due = due + .milliseconds(milliseconds)
    case .givenToTheNext:
      misplaced.withLock { $0[unit] = reply }
      return
    case .exception(let code): reply = [body[0] | 0x80, code]
    case .altered: if request.function == 3 || request.function == 4, reply.count > 3 { reply[2] ^= 1 }
    case .wrongTransaction: head[1] &+= 7
    case .wrongUnit: unit = unit % 247 + 1
    case .wrongFunction: reply[0] = reply[0] == 3 ? 4 : 3
    case .shortAnswer:
      if request.function == 3 || request.function == 4, reply.count > 4 {
        reply[1] -= 2
        reply.removeLast(2)
      }
    }
    let frame = frame(reply, unit, head, isBroken: behaviour == .badChecksum)
    line.post(frame, due, behaviour)
  }

  private func frame(_ reply: [UInt8], _ unit: Int, _ head: [UInt8], isBroken: Bool) -> [UInt8] {
    if isSerial {
      let bytes = [UInt8(unit)] + reply
      var checksum = Self.checksum(bytes[...])
      if isBroken { checksum[0] ^= 0x55 }
      return bytes + checksum
    }
    let length = reply.count + 1
    var head = head
    if isBroken { head[3] = 9 }
    return head + [UInt8(length >> 8), UInt8(length & 0xFF), UInt8(unit)] + reply
  }

  private func carryOut(_ request: Request, _ body: [UInt8], isIgnored: Bool) -> [UInt8] {
    let addresses = request.address..<request.address + request.count
    func key(_ address: Int) -> Int { request.unit << 16 | address }
    let values = written.withLock { written in
      addresses.compactMap { written[key($0)] ?? value(request.unit, $0) }
    }
    guard values.count == request.count else { return [body[0] | 0x80, 2] }
    switch body[0] {
    case 3, 4: return [body[0], UInt8(values.count * 2)] + values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    case 6, 16:
      if !isIgnored {
        written.withLock { written in
          for (index, address) in addresses.enumerated() {
            let offset = (body[0] == 6 ? 3 : 6) + index * 2
            written[key(address)] = UInt16(body[offset]) << 8 | UInt16(body[offset + 1])
          }
        }
      }
      return Array(body.prefix(5))
    default: return [body[0] | 0x80, 1]
    }
  }

  /// Modbus over Serial Line 1.02, section 6.2.2; low byte first.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var remainder: UInt16 = 0xFFFF
    for byte in bytes {
      remainder ^= UInt16(byte)
      for _ in 0..<8 { remainder = remainder & 1 == 1 ? remainder >> 1 ^ 0xA001 : remainder >> 1 }
    }
    return [UInt8(remainder & 0xFF), UInt8(remainder >> 8)]
  }
}

extension ModbusPeer.Line {
  mutating func post(_ frame: [UInt8], _ due: MonotonicInstant, _ behaviour: ModbusPeer.Behaviour) {
    switch behaviour {
    case .drip(let milliseconds):
      for (index, byte) in frame.enumerated() {
        outbox.append((due + .milliseconds(index * milliseconds), [byte], false))
      }
    case .cut: outbox.append((due, Array(frame.prefix(frame.count / 2)), true))
    default: outbox.append((due, frame, false))
    }
    outbox.sort { $0.due < $1.due }
  }

  /// What is due; false ends the line.
  mutating func send(isSerial: Bool) -> Bool {
    while let first = outbox.first, first.due <= .current {
      outbox.removeFirst()
      let bytes = first.bytes
      let sent =
        isSerial
        ? write(descriptor, bytes, bytes.count)
        : Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      if sent != bytes.count || (first.ends && !isSerial) { return false }
    }
    return true
  }

  mutating func end() {
    close(descriptor)
    descriptor = -1
  }
}
