import EnergyModel
import Glibc
import SiteSimulator

/// One client of one device. It survives half frames, garbage and clients that vanish or do not read: at
/// worst the connection ends, never the server.
struct Connection {
  let device: SiteBench.Device
  let descriptor: Int32
  /// False once the connection is to be closed.
  private(set) var isAlive = true
  private var reader = FrameReader()
  /// When the half frame that waits began.
  private var halfFrameSince: MonotonicInstant?
  /// Answers and when each may leave, in order.
  private var answers: [(due: MonotonicInstant, bytes: [UInt8])] = []
  private var lastHeard: MonotonicInstant

  /// A client that sends and never reads is let go at this many answers.
  private static let mostAnswers = 64
  private static let halfFrameLimit = Duration.seconds(5)
  private static let idleLimit = Duration.seconds(300)

  init(device: SiteBench.Device, descriptor: Int32, now: MonotonicInstant) {
    self.device = device
    self.descriptor = descriptor
    lastHeard = now
  }

  /// When something is to be done without anything arriving.
  var deadline: MonotonicInstant {
    let silence = halfFrameSince.map { $0 + Self.halfFrameLimit } ?? lastHeard + Self.idleLimit
    return isBlocked ? silence : min(silence, answers.first?.due ?? silence)
  }

  /// Whether the socket's send buffer is full, so that only its drain helps.
  private(set) var isBlocked = false

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
      bench.requests?.append(frame, to: device)
      guard let reply = bench.withLock({ $0.answer(frame, from: device) }) else { continue }
      let due = max(now, answers.last?.due ?? now) + device.latency(unit: frame.unit)
      answers.append((due, reply.bytes))
    }
    if answers.count > Self.mostAnswers { isAlive = false }
  }

  /// Sends what is due and notices what took too long.
  mutating func tend(_ now: MonotonicInstant) {
    if let halfFrameSince, now - halfFrameSince >= Self.halfFrameLimit { isAlive = false }
    if now - lastHeard >= Self.idleLimit { isAlive = false }
    isBlocked = false
    while isAlive, !isBlocked, let first = answers.first, first.due <= now {
      let sent = first.bytes.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if sent == first.bytes.count {
        answers.removeFirst()
      } else if sent > 0 {
        answers[0].bytes.removeFirst(sent)
      } else if sent < 0, errno == EAGAIN {
        isBlocked = true
      } else {
        isAlive = false
      }
    }
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
