public import DeviceProfile

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

  /// - Parameter profiles: the shipped ones; a byte chooses among them, so their order matters.
  /// - Throws: what must never be.
  public func feed(_ bytes: [UInt8], profiles: [DeviceProfile]) throws(FuzzFinding) {
    switch self {
    case .registers: try RegisterFuzzing.feed(bytes, profiles.filter { !$0.isSunSpec })
    case .sunspec: try SunSpecFuzzing.feed(bytes, profiles.filter(\.isSunSpec))
    case .payload: try PayloadFuzzing.feed(bytes)
    case .recording: try RecordingFuzzing.feed(bytes)
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

  mutating func choose<Element>(_ elements: [Element]) -> Element? {
    elements.isEmpty ? nil : elements[Int(byte()) % elements.count]
  }
}
