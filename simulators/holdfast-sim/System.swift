import EnergyModel
import Glibc

/// What the operating system refused.
struct SystemError: Error, CustomStringConvertible {
  var operation: String
  var code: Int32

  /// Reads `errno`, so it comes right after the call that failed.
  init(_ operation: String) {
    self.operation = operation
    code = errno
  }

  var description: String { "\(operation): \(String(cString: strerror(code)))" }
}

/// The machine's wall clock; this program is the composition root of the simulator.
enum SystemClock {
  static func wall() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }
}

extension String {
  /// Writes all of it; false when the descriptor takes no more.
  @discardableResult
  func writeAll(to descriptor: Int32) -> Bool {
    var rest = Array(utf8)[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 && errno == EINTR { continue }
      guard written > 0 else { return false }
      rest = rest.dropFirst(written)
    }
    return true
  }
}

/// A whole text file.
func readText(_ path: String) throws(SystemError) -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw SystemError("cannot open \(path)") }
  defer { close(descriptor) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = read(descriptor, &chunk, chunk.count)
    guard count >= 0 else { throw SystemError("cannot read \(path)") }
    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
    bytes += chunk[..<count]
  }
}
