import Foundation
import TestKit

@testable import Journal

/// A file system in memory of a few megabytes, that others can fill.
final class SmallVolume {
  let path: String

  static let isPermitted: Bool = {
    guard getuid() == 0, let volume = try? SmallVolume(bytes: 1 << 20) else { return false }
    return volume.bytes(in: "") == 0
  }()

  init(bytes: Int) throws {
    path = try TemporaryFolder.make("volume").path
    let mount = try ChildProcess("mount", ["-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path])
    guard mount.wait() == 0 else {
      rmdir(path)
      throw CocoaError(.fileWriteUnknown)
    }
  }

  deinit {
    _ = try? ChildProcess("umount", ["-l", path]).wait()
    rmdir(path)
  }

  private var filler: String { path + "/filler" }

  /// Somebody else takes whatever is free.
  func fill() {
    let file = open(filler, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { close(file) }
    let block = [UInt8](repeating: 1, count: 64 << 10)
    var size = block.count
    while size > 0 {
      if write(file, block, size) <= 0 { size /= 2 }
    }
  }

  func empty() { unlink(filler) }

  /// Of all files of a folder.
  func bytes(in folder: String) -> Int {
    let folder = path + "/" + folder
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.reduce(0) { sum, name in
      // The index of the write-ahead log is memory that is mapped, and goes with the process.
      name.hasSuffix("-shm") ? sum : sum + fileSize(folder + "/" + name)
    }
  }
}
