import DeviceProfile

/// What is fed with arbitrary bytes, by a fuzzer and by the tests with the corpus that it found.
public enum FuzzTarget: String, CaseIterable, Sendable {
  /// Registers as a device may answer them, decoded by a shipped profile.
  case registers
  /// A device whose registers are those bytes, and who is silent or refuses where they say so, walked for SunSpec models.
  case sunspec
  /// A sensor's payload.
  case payload
  /// A recording of registers.
  case recording
  /// A profile as somebody may write one, and a device that it is read and written by.
  case profile
  /// A site's configuration as somebody may write one, and control of that site.
  case site
  /// What clients of ours ask for over Modbus TCP, and what devices answer us.
  case frame
  /// What peers write to an uplink's topics.
  case command

  /// - Throws: what must never be.
  public func feed(_ bytes: [UInt8], on ground: FuzzGround) throws(FuzzFinding) {
    switch self {
    case .registers: try RegisterFuzzing.feed(bytes, ground.profiles.filter { !$0.isSunSpec })
    case .sunspec: try SunSpecFuzzing.feed(bytes, ground.profiles.filter(\.isSunSpec))
    case .payload: try PayloadFuzzing.feed(bytes)
    case .recording: try RecordingFuzzing.feed(bytes)
    case .profile: try ProfileFuzzing.feed(bytes, ground)
    case .site: try SiteFuzzing.feed(bytes, ground)
    case .frame: try FrameFuzzing.feed(bytes)
    case .command: try CommandFuzzing.feed(bytes)
    }
  }
}

/// Something that must hold for any bytes, and does not.
public struct FuzzFinding: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }

  static func require(_ condition: Bool, _ text: @autoclosure () -> String) throws(FuzzFinding) {
    if !condition { throw FuzzFinding(text()) }
  }
}

/// Takes bytes from the front; where they have run out, zeros.
struct FuzzBytes {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isEmpty: Bool { position >= bytes.count }

  mutating func byte() -> UInt8 {
    guard position < bytes.count else { return 0 }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func word() -> UInt16 { UInt16(byte()) << 8 | UInt16(byte()) }

  /// As many as there are, at most `count`.
  mutating func take(_ count: Int) -> [UInt8] {
    let end = position + min(count, bytes.count - position)
    defer { position = end }
    return Array(bytes[position..<end])
  }

  mutating func choose<Element>(_ elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[Int(byte()) % elements.count]
  }
}
