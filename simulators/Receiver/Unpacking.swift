import CZstd

/// Unpacks the `backfill` payload.
enum Unpacking {
  /// A frame is about 64 kB of JSON, or one larger segment. More is not worth the memory.
  static let largestContent = 16 << 20
  /// A frame of 64 kB holds some hundred records, a larger segment some thousand.
  static let mostLines = 1 << 16

  /// The lines of the frame. Counted first: a few kilobytes can unpack to millions of them.
  static func lines(_ payload: [UInt8]) throws -> [ArraySlice<UInt8>] {
    let content = try frame(payload)
    let lineFeed = UInt8(ascii: "\n")
    guard content.reduce(0, { $1 == lineFeed ? $0 + 1 : $0 }) <= mostLines else {
      throw Unreadable("a frame of more than \(mostLines) lines")
    }
    return content.split(separator: lineFeed)
  }

  /// The content of exactly one zstd frame that says its size and needs no dictionary.
  static func frame(_ payload: [UInt8]) throws -> [UInt8] {
    guard ZSTD_findFrameCompressedSize(payload, payload.count) == payload.count else {
      throw Unreadable("not one zstd frame")
    }
    // "Unknown" and "error" are the two largest numbers and fall out here as well.
    let size = ZSTD_getFrameContentSize(payload, payload.count)
    guard size <= UInt64(largestContent) else { throw Unreadable("a frame without a plausible size") }
    var outcome = 0
    let content = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
      outcome = ZSTD_decompress(buffer.baseAddress, buffer.count, payload, payload.count)
      count = ZSTD_isError(outcome) == 0 ? outcome : 0
    }
    guard ZSTD_isError(outcome) == 0, content.count == Int(size) else { throw Unreadable("a damaged frame") }
    return content
  }
}
