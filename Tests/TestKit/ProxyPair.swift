import EnergyModel
import Glibc

/// A client, its connection to the server, and what is under way between them.
struct ProxyPair {
  /// Of each socket towards whoever sends, so that the kernel does not hide a full line behind megabytes.
  static let socketBuffer: Int32 = 65_536
  /// What one direction keeps at most.
  private static let room = 65_536

  private struct Direction {
    var from: Int32
    var to: Int32
    var pieces: [(due: MonotonicInstant, bytes: ArraySlice<UInt8>)] = []
    var kept = 0
    /// The sender has closed.
    var hasEnded = false
    /// The receiver has been told so.
    var hasToldEnd = false
    /// The receiver's socket is full.
    var isBlocked = false
    /// When the next byte may drip.
    var drips = MonotonicInstant(nanoseconds: 0)
  }

  private let client: Int32
  private let server: Int32?
  private var up: Direction
  private var down: Direction
  private var isDead: Bool
  private let answersNonsense: Bool
  private(set) var isOver = false

  /// - Parameter server: nil where nothing is handed on.
  init(client: Int32, server: Int32?, answersNonsense: Bool) {
    self.client = client
    self.server = server
    self.answersNonsense = answersNonsense
    isDead = server == nil
    up = Direction(from: client, to: server ?? -1)
    down = Direction(from: server ?? -1, to: client)
    var yes: Int32 = 1
    var size = Self.socketBuffer
    for socket in [client, server ?? client] {
      _ = fcntl(socket, F_SETFL, O_NONBLOCK)
      _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
      setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
      setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
  }

  /// From now on nothing gets through, for ever.
  mutating func swallow() {
    isDead = true
    up.pieces.removeAll()
    down.pieces.removeAll()
  }

  /// Both ends see RST.
  func cut() {
    Self.cut(client)
    if let server { Self.cut(server) }
  }

  static func cut(_ socket: Int32) {
    var atOnce = linger(l_onoff: 1, l_linger: 0)
    setsockopt(socket, SOL_SOCKET, SO_LINGER, &atOnce, socklen_t(MemoryLayout<linger>.size))
    Glibc.close(socket)
  }

  func close() {
    Glibc.close(client)
    if let server { Glibc.close(server) }
  }

  func entries(now: MonotonicInstant) -> [pollfd] {
    [up, down].flatMap { direction -> [pollfd] in
      var entries: [pollfd] = []
      if direction.from >= 0, !direction.hasEnded, isDead || direction.kept < Self.room {
        entries.append(pollfd(fd: direction.from, events: Int16(POLLIN), revents: 0))
      }
      if direction.isBlocked, direction.to >= 0, !isDead {
        entries.append(pollfd(fd: direction.to, events: Int16(POLLOUT), revents: 0))
      }
      return entries
    }
  }

  /// When something is due without anything arriving.
  func deadline(now: MonotonicInstant) -> MonotonicInstant? {
    if isDead { return nil }
    return [up, down].compactMap { direction in
      direction.isBlocked ? nil : direction.pieces.first.map { max($0.due, direction.drips) }
    }.min()
  }

  mutating func move(
    _ ready: Set<Int32>, up upLine: inout ProxyLine, down downLine: inout ProxyLine, drip: Int?,
    now: MonotonicInstant
  ) {
    var (up, down) = (self.up, self.down)
    defer { (self.up, self.down) = (up, down) }
    read(&up, ready, &upLine, now)
    read(&down, ready, &downLine, now)
    if isDead {
      // Nobody is told of an end; once both sides have gone there is nothing left to keep.
      isOver = isOver || (up.hasEnded && (server == nil || down.hasEnded))
      return
    }
    let isWhole = write(&up, drip, now) && write(&down, drip, now)
    if !isWhole { isOver = true }
    if up.hasToldEnd, down.hasToldEnd { isOver = true }
  }

  private func read(
    _ direction: inout Direction, _ ready: Set<Int32>, _ line: inout ProxyLine, _ now: MonotonicInstant
  ) {
    guard direction.from >= 0, ready.contains(direction.from), !direction.hasEnded else { return }
    let most = isDead ? 65_536 : min(line.piece, Self.room - direction.kept)
    guard most > 0 else { return }
    let bytes = [UInt8](unsafeUninitializedCapacity: most) { buffer, count in
      count = max(0, recv(direction.from, buffer.baseAddress, most, 0))
    }
    if bytes.isEmpty {
      direction.hasEnded = !Self.isOnlyEmpty(direction.from)
      return
    }
    if answersNonsense {
      let nonsense = bytes.map { $0 &* 37 &+ 151 } + [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
      send(client, nonsense, nonsense.count, Int32(MSG_NOSIGNAL))
    }
    guard !isDead else { return }
    direction.kept += bytes.count
    direction.pieces.append((line.carry(bytes.count, now: now), bytes[...]))
  }

  /// False once the receiver is gone.
  private func write(_ direction: inout Direction, _ drip: Int?, _ now: MonotonicInstant) -> Bool {
    direction.isBlocked = false
    while let first = direction.pieces.first, first.due <= now {
      if drip != nil, direction.drips > now { return true }
      let count = drip == nil ? first.bytes.count : 1
      let sent = first.bytes.withUnsafeBytes { send(direction.to, $0.baseAddress, count, Int32(MSG_NOSIGNAL)) }
      guard sent > 0 else {
        direction.isBlocked = errno == EAGAIN
        return direction.isBlocked
      }
      direction.kept -= sent
      direction.pieces[0].bytes.removeFirst(sent)
      if direction.pieces[0].bytes.isEmpty { direction.pieces.removeFirst() }
      if let drip { direction.drips = now + .nanoseconds(1_000_000_000 / Int64(max(1, drip))) }
    }
    if direction.hasEnded, direction.pieces.isEmpty, !direction.hasToldEnd {
      shutdown(direction.to, Int32(SHUT_WR))
      direction.hasToldEnd = true
    }
    return true
  }

  /// Whether a read brought nothing because nothing was there, rather than because the other side has closed.
  private static func isOnlyEmpty(_ socket: Int32) -> Bool {
    var byte: UInt8 = 0
    let count = recv(socket, &byte, 1, Int32(MSG_PEEK))
    return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
  }
}
