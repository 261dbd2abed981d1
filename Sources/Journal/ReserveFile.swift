import Glibc

/// Room on the disk that is ours even when others fill it: given back so that deleting works, taken
/// again once there is room.
struct ReserveFile: Sendable {
  let path: String
  let size: Int

  /// Tries to hold the whole reserve. False where the disk has no room for it.
  @discardableResult
  func fill() -> Bool {
    // Larger, after the budget was lowered.
    if heldBytes > size { truncate(path, off_t(size)) }
    guard heldBytes < size else { return true }
    // Trying where it cannot work would cost the flash something each time.
    guard freeBytes(at: path) >= size - heldBytes else { return false }
    let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o640)
    guard file >= 0 else { return false }
    defer { close(file) }
    guard posix_fallocate(file, 0, off_t(size)) == 0 else {
      ftruncate(file, 0)
      return false
    }
    return true
  }

  func giveBack() { truncate(path, 0) }

  var heldBytes: Int { fileSize(path) }
}

/// Bytes of a file; zero where there is none.
func fileSize(_ path: String) -> Int {
  var status = stat()
  return stat(path, &status) == 0 ? Int(status.st_size) : 0
}

/// What an ordinary user may still write to the file system that holds the folder of `path`.
func freeBytes(at path: String) -> Int {
  let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
  var status = statvfs()
  return statvfs(folder, &status) == 0 ? Int(status.f_bavail) * Int(status.f_frsize) : 0
}
