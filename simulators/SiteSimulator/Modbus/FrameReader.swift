/// One request of Modbus TCP.
public struct ModbusFrame: Hashable, Sendable {
  public var transaction: UInt16
  public var unit: UInt8
  /// Function code and data.
  public var body: [UInt8]

  public init(transaction: UInt16, unit: UInt8, body: [UInt8]) {
    self.transaction = transaction
    self.unit = unit
    self.body = body
  }

  /// On the wire, header first (Modbus Messaging on TCP/IP 1.0b, section 3.1.3).
  public var bytes: [UInt8] {
    let length = UInt16(body.count + 1)
    let header = [UInt8(transaction >> 8), UInt8(transaction & 0xFF), 0, 0, UInt8(length >> 8), UInt8(length & 0xFF)]
    return header + [unit] + body
  }
}

/// Cuts the bytes of one connection into frames, however they dribble in.
public struct FrameReader: Sendable {
  /// The peer does not speak Modbus TCP; the connection cannot be used any more.
  public struct Garbage: Error, Hashable, Sendable {}

  private var waiting: [UInt8] = []

  public init() {}

  /// Whether a part of a frame waits for the rest.
  public var isWithinFrame: Bool { !waiting.isEmpty }

  /// The frames that are complete now.
  public mutating func read(_ bytes: some Collection<UInt8>) throws(Garbage) -> [ModbusFrame] {
    waiting.append(contentsOf: bytes)
    var frames: [ModbusFrame] = []
    var start = 0
    while waiting.count - start >= 7 {
      let head = waiting[start..<start + 7].map(Int.init)
      let length = head[4] << 8 | head[5]
      // Protocol id 0; unit id, function and at most 252 bytes of data.
      guard head[2] == 0, head[3] == 0, (2...254).contains(length) else { throw Garbage() }
      let end = start + 6 + length
      guard waiting.count >= end else { break }
      frames.append(
        ModbusFrame(
          transaction: UInt16(head[0] << 8 | head[1]), unit: UInt8(head[6]), body: Array(waiting[start + 7..<end])))
      start = end
    }
    waiting.removeFirst(start)
    return frames
  }
}
