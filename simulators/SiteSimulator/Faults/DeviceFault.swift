/// What can be wrong with a device of the bench, as its client sees it. Values as they are said in
/// ``FaultOrder``'s words.
public enum DeviceFault: Hashable, Sendable {
  // Of the answer on its way.
  /// No answer at all.
  case silence
  /// The answer comes so much later.
  case delay(Duration)
  /// The answer comes byte by byte, one each so often.
  case drip(Duration)
  /// The answer is kept back until the next request of the same client and then sent before its own.
  case late
  /// The answer carries the values of the answer before under the new request's transaction id, as gateways do.
  case stale
  case wrongTransaction
  case wrongUnit
  /// The last bytes never come.
  case short(bytes: Int)
  /// On a serial line.
  case badCRC
  case exception(UInt8)
  /// Half of the answer, then the connection ends (on a serial line, nothing more).
  case disconnect
  /// Whoever comes second is let go at once.
  case refuseSecond

  /// On MQTT: payloads that mean nothing.
  case nonsense

  // Of what it measures.
  /// Registers keep what they had when it began; nil is all of them.
  case frozen(RegisterTarget?)
  /// "Not implemented", as SunSpec has it for the type, or these raw bits.
  case sentinel(RegisterTarget, raw: UInt64?)
  case signFlip(RegisterTarget)
  /// So many times the value.
  case spike(RegisterTarget, factor: Double)
  /// The high and the low word trade places, as after a shifted answer.
  case wordSwap(RegisterTarget)
  /// Counts from zero since it began.
  case counterReset(RegisterTarget)

  // Of what is written.
  /// Acknowledged and not carried out.
  case ignoreWrites
  /// Carried out, and taken back after so long.
  case revertWrites(after: Duration)
}

extension DeviceFault {
  /// Whether it changes what the registers say, and not how the answer travels.
  var isOfValues: Bool {
    switch self {
    case .frozen, .sentinel, .signFlip, .spike, .wordSwap, .counterReset: true
    default: false
    }
  }
}

extension DeviceFault {
  /// Whether a device on MQTT can have it.
  var isForMQTT: Bool {
    switch self {
    case .silence, .stale, .disconnect, .nonsense, .frozen(nil), .ignoreWrites: true
    default: false
    }
  }
}

/// One number in a device's registers, for a fault that concerns it alone.
public struct RegisterTarget: Hashable, Sendable {
  public enum Space: String, Hashable, Sendable { case holding, input }

  public var space: Space
  /// As on the wire.
  public var address: Int
  public var type: WireType
  /// Low word first.
  public var isLowFirst: Bool

  public init(_ space: Space, _ address: Int, _ type: WireType, isLowFirst: Bool = false) {
    self.space = space
    self.address = address
    self.type = type
    self.isLowFirst = isLowFirst
  }

  var registers: Range<Int> { address..<address + type.width }

  func bits(_ words: [UInt16]) -> UInt64 {
    (isLowFirst ? words.reversed() : words).reduce(0) { $0 << 16 | UInt64($1) }
  }

  func words(_ bits: UInt64) -> [UInt16] {
    let lowFirst = (0..<type.width).map { UInt16(truncatingIfNeeded: bits >> (16 * UInt64($0))) }
    return isLowFirst ? lowFirst : lowFirst.reversed()
  }
}
