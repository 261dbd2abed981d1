import DeviceProfile
package import EnergyModel

/// One request of somebody who reads through us, and what it is answered (Modbus Messaging on TCP/IP 1.0b, section
/// 3.1.3, and Application Protocol 1.1b3, sections 6.1 to 6.4 and 7).
package struct ServedRequest: Hashable, Sendable {
  package var transaction: UInt16
  package var unit: UInt8
  /// Function code and data.
  package var body: [UInt8]

  private enum Refusal: UInt8, Error {
    case illegalFunction = 1
    case illegalAddress = 2
    case illegalValue = 3
    /// No such unit on this bus.
    case pathUnavailable = 0x0A
    /// The unit did not answer us lately.
    case deviceSilent = 0x0B
  }

  /// The whole frame of the answer. Only the four functions that read are served.
  package func answer(from store: RegisterStore, at now: MonotonicInstant) -> [UInt8] {
    do throws(Refusal) {
      return frame(try read(store, now))
    } catch {
      return frame([(body.first ?? 0) | 0x80, error.rawValue])
    }
  }

  private func read(_ store: RegisterStore, _ now: MonotonicInstant) throws(Refusal) -> [UInt8] {
    let spaces: [UInt8: RegisterSpace] = [1: .coil, 2: .discrete, 3: .holding, 4: .input]
    guard let function = body.first, let space = spaces[function] else { throw .illegalFunction }
    guard body.count == 5 else { throw .illegalValue }
    let start = Int(body[1]) << 8 | Int(body[2])
    let count = Int(body[3]) << 8 | Int(body[4])
    guard (1...(space.isBits ? 2000 : 125)).contains(count) else { throw .illegalValue }
    guard start + count <= 65_536 else { throw .illegalAddress }
    switch store.read(count, unit: Int(unit), space, start, at: now) {
    case .unknownUnit: throw .pathUnavailable
    case .unknownRegister: throw .illegalAddress
    case .tooOld: throw .deviceSilent
    case .registers(let registers):
      guard space.isBits else {
        return [function, UInt8(count * 2)] + registers.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
      }
      var bytes = [UInt8](repeating: 0, count: (count + 7) / 8)
      for (index, value) in registers.enumerated() where value != 0 { bytes[index / 8] |= 1 << (index % 8) }
      return [function, UInt8(bytes.count)] + bytes
    }
  }

  private func frame(_ body: [UInt8]) -> [UInt8] {
    let length = UInt16(body.count + 1)
    let head = [transaction >> 8, transaction & 0xFF, 0, 0, length >> 8, length & 0xFF, UInt16(unit)]
    return head.map { UInt8($0) } + body
  }
}

/// Cuts what a client sends into requests, however it dribbles in.
package struct RequestReader: Hashable, Sendable {
  /// The client does not speak Modbus TCP.
  package struct Nonsense: Error {}

  private var waiting: [UInt8] = []

  package init() {}

  package var isWithinRequest: Bool { !waiting.isEmpty }

  package mutating func read(_ bytes: some Collection<UInt8>) throws(Nonsense) -> [ServedRequest] {
    waiting += bytes
    var requests: [ServedRequest] = []
    var start = 0
    while waiting.count - start >= 7 {
      let length = Int(waiting[start + 4]) << 8 | Int(waiting[start + 5])
      // Protocol 0; a unit id, a function code and at most 252 bytes of data.
      guard waiting[start + 2] == 0, waiting[start + 3] == 0, (2...254).contains(length) else { throw Nonsense() }
      let end = start + 6 + length
      guard waiting.count >= end else { break }
      requests.append(
        ServedRequest(
          transaction: UInt16(waiting[start]) << 8 | UInt16(waiting[start + 1]), unit: waiting[start + 6],
          body: Array(waiting[start + 7..<end])))
      start = end
    }
    waiting.removeFirst(start)
    return requests
  }
}
