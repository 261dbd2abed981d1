import Commissioning
import DeviceProfile
import Foundation

/// Says on standard error what happens, in one line that changes where somebody looks at a terminal.
struct ScanProgress {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private var told: Set<String> = []
  private var last = ""

  mutating func show(_ text: String, of found: [ScannedBus]) {
    tell(found)
    guard isTerminal, text != last else { return }
    last = text
    write("\r\u{1B}[K\(text)")
  }

  mutating func end(with found: [ScannedBus]) {
    tell(found)
    if isTerminal, !last.isEmpty { write("\r\u{1B}[K") }
  }

  private mutating func tell(_ found: [ScannedBus]) {
    for bus in found {
      for unit in bus.units {
        let name = unit.best.map { "\($0.profile.name), \($0.fit)" } ?? "no profile fits"
        let line = "\(bus.address) unit \(unit.best?.unit ?? unit.unit): \(name)"
        guard told.insert(line).inserted else { continue }
        write((isTerminal ? "\r\u{1B}[K" : "") + line + "\n")
      }
    }
  }

  private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}

/// Ctrl-C and SIGTERM, as long as somebody wants to know of them; a second one ends the program as ever.
struct Interrupts {
  private let sources: [any DispatchSourceSignal]

  init(_ body: @escaping @Sendable () -> Void) {
    sources = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler {
        body()
        signal(number, SIG_DFL)
      }
      source.resume()
      return source
    }
  }

  func end() {
    for source in sources { source.cancel() }
    for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
  }
}
