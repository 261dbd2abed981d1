/// Puts a device's answers onto one connection or one serial line, with what goes wrong on the way.
public struct FaultyTransport: Sendable {
  public enum Framing: Hashable, Sendable { case tcp, rtu }

  /// Bytes to be sent so long after the device has answered.
  public struct Piece: Hashable, Sendable {
    public var after: Duration
    public var bytes: [UInt8]

    public init(after: Duration, bytes: [UInt8]) {
      self.after = after
      self.bytes = bytes
    }
  }

  public struct Sending: Hashable, Sendable {
    public var pieces: [Piece] = []
    /// The connection is closed after the last piece.
    public var endsConnection = false
  }

  private let framing: Framing
  /// Answers that are kept back until the next request.
  private var late: [UInt8] = []
  /// What each unit answered last.
  private var last: [UInt8: [UInt8]] = [:]

  public init(_ framing: Framing) { self.framing = framing }

  /// - Parameter faults: those that hit this answer.
  public mutating func send(_ reply: ModbusFrame, under faults: [DeviceFault] = []) -> Sending {
    var reply = reply
    let answered = reply.body
    if faults.contains(.stale), let earlier = last[reply.unit] { reply.body = earlier }
    last[reply.unit] = answered
    if faults.contains(.wrongTransaction) { reply.transaction &+= 7 }
    if faults.contains(.wrongUnit) { reply.unit = reply.unit == 247 ? 1 : reply.unit + 1 }
    var bytes = framing == .tcp ? reply.bytes : RTUFrame(unit: reply.unit, body: reply.body).bytes
    if faults.contains(.badCRC), framing == .rtu { bytes[bytes.count - 1] ^= 0x5A }
    for case .short(let missing) in faults { bytes.removeLast(min(missing, bytes.count - 1)) }
    var sending = Sending()
    if faults.contains(.disconnect) {
      bytes.removeLast(bytes.count / 2)
      sending.endsConnection = framing == .tcp
    }
    if faults.contains(.late) {
      late += bytes
      return sending
    }
    bytes = late + bytes
    late = []
    sending.pieces = Self.pieces(bytes, faults)
    return sending
  }

  private static func pieces(_ bytes: [UInt8], _ faults: [DeviceFault]) -> [Piece] {
    var after = Duration.zero
    for case .delay(let delay) in faults { after += delay }
    for case .drip(let pause) in faults {
      return bytes.enumerated().map { Piece(after: after + pause * $0, bytes: [$1]) }
    }
    return [Piece(after: after, bytes: bytes)]
  }
}
