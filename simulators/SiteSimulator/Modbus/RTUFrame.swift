public import EnergyModel

/// One request or answer on a serial line: unit, function code and data, checksum.
public struct RTUFrame: Hashable, Sendable {
  public var unit: UInt8
  /// Function code and data.
  public var body: [UInt8]

  public init(unit: UInt8, body: [UInt8]) {
    self.unit = unit
    self.body = body
  }

  /// On the wire, the checksum's low byte first (Modbus over Serial Line 1.02, section 2.5.1).
  public var bytes: [UInt8] {
    let frame = [unit] + body
    let checksum = Self.checksum(frame)
    return frame + [UInt8(checksum & 0xFF), UInt8(checksum >> 8)]
  }

  /// CRC-16 with the polynomial 0xA001, begun with 0xFFFF (Modbus over Serial Line 1.02, section 6.2.2).
  public static func checksum(_ bytes: some Sequence<UInt8>) -> UInt16 {
    bytes.reduce(0xFFFF) { register, byte in
      var register = register ^ UInt16(byte)
      for _ in 0..<8 { register = register & 1 == 1 ? register >> 1 ^ 0xA001 : register >> 1 }
      return register
    }
  }
}

/// Cuts the bytes of a serial line into requests. A frame is as long as its function code says; what has a wrong
/// checksum or no known function is thrown away up to the next silence, as a device does.
public struct RTUFrameReader: Sendable {
  private var waiting: [UInt8] = []
  private var lastByte: MonotonicInstant?
  /// Until the line is silent, nothing is understood.
  private var isLost = false
  private let silence: Duration

  /// The longest frame (Modbus over Serial Line 1.02, section 2.5.1.1).
  private static let longest = 256

  /// - Parameter silence: between two frames.
  public init(silence: Duration) { self.silence = silence }

  /// The requests that are complete now.
  public mutating func read(_ bytes: some Collection<UInt8>, now: MonotonicInstant) -> [RTUFrame] {
    if let lastByte, now - lastByte >= silence {
      waiting.removeAll()
      isLost = false
    }
    if !bytes.isEmpty { lastByte = now }
    if isLost { return [] }
    waiting += bytes
    var frames: [RTUFrame] = []
    while let length = Self.length(of: waiting) {
      guard length > 0, length <= Self.longest else {
        lose()
        break
      }
      guard waiting.count >= length else { break }
      let frame = waiting[..<(length - 2)]
      let checksum = UInt16(waiting[length - 2]) | UInt16(waiting[length - 1]) << 8
      guard RTUFrame.checksum(frame) == checksum else {
        lose()
        break
      }
      frames.append(RTUFrame(unit: frame[0], body: Array(frame.dropFirst())))
      waiting.removeFirst(length)
    }
    return frames
  }

  private mutating func lose() {
    waiting.removeAll()
    isLost = true
  }

  /// Of the request that begins with these bytes, checksum included; nil while that cannot be told, 0 where there is no
  /// such request.
  private static func length(of bytes: [UInt8]) -> Int? {
    guard bytes.count >= 2 else { return nil }
    switch bytes[1] {
    case 1...6: return 8
    case 15, 16: return bytes.count >= 7 ? 9 + Int(bytes[6]) : nil
    default: return 0
    }
  }
}

/// How fast a serial line is.
public struct LineSpeed: Hashable, Sendable {
  public var baud: Int

  /// - Parameter baud: 300...921600.
  public init(baud: Int) { self.baud = baud }

  /// Of one character: start, eight bits, parity or a second stop bit, stop.
  public var character: Duration { .nanoseconds(11_000_000_000 / Int64(baud)) }

  /// That parts two frames: three and a half characters, 1.75 ms above 19200 baud (Modbus over Serial Line 1.02,
  /// section 2.5.1.1).
  public var silence: Duration { baud > 19_200 ? .microseconds(1750) : character * 7 / 2 }

  public func duration(of count: Int) -> Duration { character * count }
}
