import EnergyModel
import Glibc
import SiteSimulator

/// One client of one bus over TCP. It survives half frames, garbage and clients that vanish or do not read: at
/// worst the connection ends, never the server.
struct Connection {
  let bus: Int
  let descriptor: Int32
  /// False once the connection is to be closed.
  private(set) var isAlive = true
  private var reader = FrameReader()
  private var transport = FaultyTransport(.tcp)
  private var outbox = Outbox()
  private var pace: ClientPace
  /// When the half frame that waits began.
  private var halfFrameSince: MonotonicInstant?
  private var lastHeard: MonotonicInstant

  /// A client that sends and never reads is let go at this many bytes of answers.
  private static let mostWaiting = 64 * 260
  private static let halfFrameLimit = Duration.seconds(5)
  private let idleLimit: Duration

  /// - Parameters:
  ///   - idleLimit: after so long without a request it is closed.
  ///   - connected: when the client had its connection, which may have waited to be accepted.
  init(bus: Int, descriptor: Int32, idleLimit: Duration, connected: MonotonicInstant, now: MonotonicInstant) {
    self.bus = bus
    self.descriptor = descriptor
    self.idleLimit = idleLimit
    lastHeard = now
    pace = ClientPace(connected: connected)
  }

  /// When something is to be done without anything arriving.
  var deadline: MonotonicInstant {
    let silence = halfFrameSince.map { $0 + Self.halfFrameLimit } ?? lastHeard + idleLimit
    return isBlocked ? silence : min(silence, outbox.due ?? silence)
  }

  /// Whether the socket's send buffer is full, so that only its drain helps.
  var isBlocked: Bool { outbox.isBlocked }

  mutating func receive(_ now: MonotonicInstant, bench: SharedBench) {
    let (bytes, hasEnded) = takeBytes()
    if hasEnded { isAlive = false }
    guard !bytes.isEmpty else { return }
    lastHeard = now
    guard let frames = try? reader.read(bytes) else {
      isAlive = false
      return
    }
    halfFrameSince = reader.isWithinFrame ? (halfFrameSince ?? now) : nil
    for frame in frames {
      guard let answer = bench.answer(frame, bus: bus, pace: pace, now: now) else { continue }
      if let reply = answer.reply {
        let start = max(now, outbox.end ?? now) + answer.latency
        outbox.put(transport.send(reply, under: answer.onTheWay), from: start)
      }
      pace.exchanged(frame.unit, end: max(now, outbox.end ?? now))
    }
    if outbox.waitingBytes > Self.mostWaiting { isAlive = false }
  }

  /// Sends what is due and notices what took too long.
  mutating func tend(_ now: MonotonicInstant) {
    if let halfFrameSince, now - halfFrameSince >= Self.halfFrameLimit { isAlive = false }
    if now - lastHeard >= idleLimit { isAlive = false }
    guard isAlive else { return }
    let socket = descriptor
    isAlive = outbox.flush(now) { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  private func takeBytes() -> (bytes: [UInt8], hasEnded: Bool) {
    withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 1) { buffer in
      let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
      if count > 0 { return (Array(buffer[..<count]), false) }
      let isLater = count < 0 && (errno == EAGAIN || errno == EINTR)
      return ([], !isLater)
    }
  }
}
