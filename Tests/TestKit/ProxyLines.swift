import EnergyModel
import Glibc
import Threads

/// What the thread of a ``FaultProxy`` does: accepts, and moves bytes between pairs of sockets as the mode says.
struct ProxyLines {
  var isStopped = false
  private(set) var attempts: [MonotonicInstant] = []
  private let target: Int
  private var listener: Int32
  private var mode = FaultProxy.Mode.pass
  private var pairs: [ProxyPair] = []
  /// Came while nobody serves.
  private var waiting: [Int32] = []
  private var up: ProxyLine
  private var down: ProxyLine

  init(port: Int, target: Int, shape: FaultProxy.Shape) throws {
    self.target = target
    up = ProxyLine(shape: shape)
    down = ProxyLine(shape: shape)
    listener = try Loopback.listener(port: port, backlog: 64, receiveBuffer: ProxyPair.socketBuffer)
    _ = fcntl(listener, F_SETFL, O_NONBLOCK)
  }

  var carried: (up: Int, down: Int) { (up.carried, down.carried) }
  var openConnections: Int { pairs.count }

  mutating func change(to shape: FaultProxy.Shape) {
    up.shape = shape
    down.shape = shape
  }

  mutating func change(to mode: FaultProxy.Mode, now: MonotonicInstant) {
    // A bound socket that does not listen keeps its port, and the system refuses for it.
    if mode == .refuse, self.mode != .refuse { shutdown(listener, Int32(SHUT_RD)) }
    if self.mode == .refuse, mode != .refuse { listen(listener, 64) }
    self.mode = mode
    if mode != .hang {
      // Those that waited are let in late.
      for client in waiting { serve(client) }
      waiting.removeAll()
    }
    switch mode {
    case .reset:
      for pair in pairs { pair.cut() }
      pairs.removeAll()
    case .blackHole:
      for index in pairs.indices { pairs[index].swallow() }
    case .pass, .drip, .refuse, .hang, .garbage:
      break
    }
  }

  /// What to wait for and until when.
  func wishes(now: MonotonicInstant) -> (entries: [pollfd], deadline: MonotonicInstant?) {
    var entries: [pollfd] = []
    if mode != .refuse { entries.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
    for pair in pairs { entries += pair.entries(now: now) }
    return (entries, pairs.compactMap { $0.deadline(now: now) }.min())
  }

  mutating func serve(_ ready: Set<Int32>, now: MonotonicInstant) {
    var drip: Int?
    if case .drip(let rate) = mode { drip = rate }
    for index in pairs.indices { pairs[index].move(ready, up: &up, down: &down, drip: drip, now: now) }
    for pair in pairs where pair.isOver { pair.close() }
    pairs.removeAll { $0.isOver }
    if ready.contains(listener), mode != .refuse { accept(now) }
  }

  mutating func closeAll() {
    for pair in pairs { pair.close() }
    pairs.removeAll()
    for client in waiting { close(client) }
    close(listener)
  }

  private mutating func accept(_ now: MonotonicInstant) {
    while true {
      let client = Glibc.accept(listener, nil, nil)
      guard client >= 0 else { return }
      attempts.append(now)
      if mode == .hang { waiting.append(client) } else { serve(client) }
    }
  }

  private mutating func serve(_ client: Int32) {
    guard mode != .reset else { return ProxyPair.cut(client) }
    let isAlone = mode == .blackHole || mode == .garbage
    let server = isAlone ? nil : try? Loopback.connection(to: target, sendBuffer: ProxyPair.socketBuffer)
    // Nobody there: what is accepted ends at once.
    guard isAlone || server != nil else { return ProxyPair.cut(client) }
    pairs.append(ProxyPair(client: client, server: server, answersNonsense: mode == .garbage))
  }
}

/// One direction of the line, shared by all connections: a byte leaves when those before it have, and arrives
/// after the delay.
struct ProxyLine {
  var shape: FaultProxy.Shape
  private(set) var carried = 0
  private var freeAt = MonotonicInstant(nanoseconds: 0)

  init(shape: FaultProxy.Shape) { self.shape = shape }

  /// When so many bytes that are handed over now have arrived.
  mutating func carry(_ count: Int, now: MonotonicInstant) -> MonotonicInstant {
    carried += count
    freeAt = max(freeAt, now)
    if let rate = shape.bitsPerSecond {
      freeAt = freeAt + .nanoseconds(Int64(count) * 8_000_000_000 / Int64(max(1, rate)))
    }
    return freeAt + shape.delay
  }

  /// A shaped line takes small pieces, so that connections take turns.
  var piece: Int { shape.bitsPerSecond == nil ? 65_536 : 4096 }
}
