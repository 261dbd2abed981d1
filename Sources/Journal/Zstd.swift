import CZstd
public import EnergyModel

/// zstd at level 3, one frame without a dictionary.
public struct ZstdCompressor: ByteCompressor {
  public init() {}

  public func compress(_ bytes: [UInt8]) -> [UInt8] { Zstd.compress(bytes, withChecksum: false) }
}

enum Zstd {
  /// What a payload may unpack to; more is not ours.
  static let largestContent = 64 << 20

  static func compress(_ bytes: [UInt8], withChecksum: Bool) -> [UInt8] {
    guard let context = ZSTD_createCCtx() else { preconditionFailure("no memory for a compressor") }
    defer { ZSTD_freeCCtx(context) }
    ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, 3)
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, withChecksum ? 1 : 0)
    let bound = ZSTD_compressBound(bytes.count)
    return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      let size = bytes.withUnsafeBytes {
        ZSTD_compress2(context, buffer.baseAddress, bound, $0.baseAddress, $0.count)
      }
      precondition(ZSTD_isError(size) == 0, "zstd refuses a buffer of the size it asked for")
      count = size
    }
  }

  static func decompress(_ frame: [UInt8]) throws(SegmentDamage) -> [UInt8] {
    // "Unknown" and "error" are the two largest numbers and fall out here as well.
    let size = frame.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    guard size <= UInt64(largestContent) else { throw .notDecompressible("no plausible size") }
    var outcome = 0
    let content = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
      outcome = frame.withUnsafeBytes {
        ZSTD_decompress(buffer.baseAddress, buffer.count, $0.baseAddress, $0.count)
      }
      count = ZSTD_isError(outcome) == 0 ? outcome : 0
    }
    guard ZSTD_isError(outcome) == 0 else {
      throw .notDecompressible(String(cString: ZSTD_getErrorName(outcome)))
    }
    guard content.count == Int(size) else { throw .truncated }
    return content
  }
}
