import CZstd
public import EnergyModel
import Synchronization

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

  private static let decompressor = Decompressor()

  static func decompress(_ frame: [UInt8]) throws(SegmentDamage) -> [UInt8] {
    // "Unknown" and "error" are the two largest numbers and fall out here as well.
    let size = frame.withUnsafeBytes { ZSTD_getFrameContentSize($0.baseAddress, $0.count) }
    guard size <= UInt64(largestContent) else { throw .notDecompressible("no plausible size") }
    var outcome = 0
    let content = [UInt8](unsafeUninitializedCapacity: Int(size)) { buffer, count in
      outcome = frame.withUnsafeBytes { decompressor.run($0, into: buffer) }
      count = ZSTD_isError(outcome) == 0 ? outcome : 0
    }
    guard ZSTD_isError(outcome) == 0 else {
      throw .notDecompressible(String(cString: ZSTD_getErrorName(outcome)))
    }
    guard content.count == Int(size) else { throw .truncated }
    return content
  }
}

/// Kept for ever: it takes 160 kB, and getting them from the system and giving them back costs several times what
/// unpacking a small segment does.
///
/// Unchecked: the context is touched only inside of the lock.
private final class Decompressor: @unchecked Sendable {
  private let context: OpaquePointer
  private let lock = Mutex(())

  init() {
    guard let context = ZSTD_createDCtx() else { preconditionFailure("no memory for a decompressor") }
    self.context = context
  }

  /// The library's answer: a size or an error.
  func run(_ frame: UnsafeRawBufferPointer, into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    lock.withLock { _ in
      ZSTD_decompressDCtx(context, buffer.baseAddress, buffer.count, frame.baseAddress, frame.count)
    }
  }
}
