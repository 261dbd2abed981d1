/// CRC-32 as in Ethernet and zlib (reflected polynomial 0xEDB88320): notices every error of up to 32 bits in a
/// row, and all but one in four thousand million of the others.
enum Checksum {
  static func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let table = table
    var rest: UInt32 = 0xFFFF_FFFF
    for byte in bytes { rest = table[Int((rest ^ UInt32(byte)) & 0xFF)] ^ (rest >> 8) }
    return ~rest
  }

  private static let table: [UInt32] = (0..<256).map { number in
    (0..<8).reduce(UInt32(number)) { rest, _ in rest & 1 == 1 ? rest >> 1 ^ 0xEDB8_8320 : rest >> 1 }
  }
}
