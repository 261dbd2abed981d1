/// What a device says of itself when it is asked for its identification: function 43 with type 14, basic objects (Modbus
/// Application Protocol 1.1b3, section 6.21). Few know it; the others refuse, or say nothing.
public struct DeviceIdentification: Hashable, Sendable {
  public var vendor: String?
  public var product: String?
  public var revision: String?

  /// Function code and data.
  package static let request: [UInt8] = [0x2B, 0x0E, 0x01, 0x00]

  /// Nil where function code and data of an answer are none.
  package init?(_ answer: some Collection<UInt8>) {
    var bytes = Array(answer)
    guard bytes.count > 6, bytes[0] == 0x2B, bytes[1] == 0x0E, bytes[2] == 0x01 else { return nil }
    let count = Int(bytes[6])
    bytes.removeFirst(7)
    var texts: [UInt8: String] = [:]
    for _ in 0..<count {
      guard bytes.count > 1, bytes.count >= 2 + Int(bytes[1]) else { return nil }
      texts[bytes[0]] = Self.text(bytes[2..<2 + Int(bytes[1])])
      bytes.removeFirst(2 + Int(bytes[1]))
    }
    guard bytes.isEmpty else { return nil }
    (vendor, product, revision) = (texts[0], texts[1], texts[2])
  }

  private static func text(_ bytes: some Collection<UInt8>) -> String? {
    let padding: Set<UInt8> = [0, 0x20]
    let shown = Array(bytes).split(whereSeparator: { $0 == 0 }).first.map(Array.init) ?? []
    guard shown.allSatisfy({ (0x20...0x7E).contains($0) }), shown.contains(where: { !padding.contains($0) }) else {
      return nil
    }
    let first = shown.firstIndex { $0 != 0x20 } ?? 0
    let last = shown.lastIndex { $0 != 0x20 } ?? 0
    return String(decoding: shown[first...last], as: UTF8.self)
  }
}

/// The checksum of a frame on a serial line (Modbus over Serial Line 1.02, section 6.2.2), low byte first.
package enum FrameChecksum {
  package static func of(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var sum: UInt16 = 0xFFFF
    for byte in bytes {
      sum ^= UInt16(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xA001 : sum >> 1 }
    }
    return [UInt8(sum & 0xFF), UInt8(sum >> 8)]
  }
}
