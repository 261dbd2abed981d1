import ArgumentParser
import Foundation

/// Standard output in large pieces. Where the reader of a pipe has gone, the command ends without a word: it
/// has seen what it wanted.
struct StandardOutput {
  private var buffer: [UInt8] = []

  init() { ProcessLimits.ignoreBrokenPipes() }

  mutating func line(_ text: String) throws {
    buffer += text.utf8
    buffer.append(0x0A)
    if buffer.count >= 1 << 16 { try flush() }
  }

  mutating func flush() throws {
    var sent = 0
    while sent < buffer.count {
      let count = buffer[sent...].withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        if errno == EPIPE { throw ExitCode.success }
        complain("holdfast: standard output: \(String(cString: strerror(errno)))")
        throw ExitCode(74)
      }
      sent += count
    }
    buffer = []
  }
}

/// A field of CSV: in quotes where it needs them.
func csvField(_ text: String) -> String {
  guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
  return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
}
