import Foundation

/// Notices Ctrl-C and SIGTERM, so that what was started is ended before the demo itself.
final class Interrupt {
  private let sources: [any DispatchSourceSignal]
  private let queue = DispatchQueue(label: "interrupt")
  private var count = 0

  init() {
    var sources: [any DispatchSourceSignal] = []
    for number in [SIGINT, SIGTERM] {
      signal(number, SIG_IGN)
      sources.append(DispatchSource.makeSignalSource(signal: number, queue: queue))
    }
    self.sources = sources
    for source in sources {
      source.setEventHandler { [unowned self] in count += 1 }
      source.resume()
    }
  }

  var hasCome: Bool { queue.sync { count > 0 } }
}
