import EnergyModel
import Glibc
import SiteSimulator

/// A serial line to the units of one bus: our end of a pseudo terminal, whose other end a client opens like any
/// port. Answers take the time that the line's speed asks for.
///
/// The client's end stays open here too, so that the line outlives its clients. What nobody reads stays in it, as
/// it would in a port that was not flushed.
struct PseudoTerminal {
  let bus: Int
  let descriptor: Int32
  /// Where a client finds it.
  let path: String
  private let other: Int32
  private let link: String?
  private let speed: LineSpeed
  private var reader: RTUFrameReader
  private var transport = FaultyTransport(.rtu)
  private var outbox = Outbox()
  private var pace = ClientPace(connected: nil)

  /// A pseudo terminal hands a request over at once, but not always in one piece: a real line's silence of a few
  /// milliseconds would cut requests in two on a machine that is busy.
  private static let leastSilence = Duration.milliseconds(20)

  /// - Parameter link: a name for it that does not change; a link of that name is replaced, anything else is not.
  init(bus: Int, link: String?, speed: LineSpeed) throws {
    self.bus = bus
    self.link = link
    self.speed = speed
    reader = RTUFrameReader(silence: max(speed.silence, Self.leastSilence))
    var ends: (ours: Int32, others: Int32) = (-1, -1)
    // Raw, or every byte would come back as an echo until the client has set its end.
    var settings = termios()
    cfmakeraw(&settings)
    settings.c_cflag |= tcflag_t(CREAD)
    guard openpty(&ends.ours, &ends.others, nil, &settings, nil) == 0, let name = ttyname(ends.others) else {
      throw SystemError("cannot make a pseudo terminal")
    }
    (descriptor, other) = ends
    let terminal = String(cString: name)
    for end in [descriptor, other] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
    guard let link else {
      path = terminal
      return
    }
    path = link
    if Self.isLink(link) { unlink(link) }
    guard symlink(terminal, link) == 0 else { throw SystemError("cannot make the link \(link)") }
  }

  func close() {
    if let link, Self.isLink(link) { unlink(link) }
    Glibc.close(other)
    Glibc.close(descriptor)
  }

  private static func isLink(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
  }

  /// When something is to be sent.
  var deadline: MonotonicInstant? { outbox.isBlocked ? nil : outbox.due }
  var isBlocked: Bool { outbox.isBlocked }

  mutating func receive(_ now: MonotonicInstant, bench: SharedBench) {
    for frame in reader.read(takeBytes(), now: now) {
      let request = ModbusFrame(transaction: 0, unit: frame.unit, body: frame.body)
      if frame.unit == 0 {
        bench.broadcast(request, bus: bus)
        continue
      }
      guard let answer = bench.answer(request, bus: bus, pace: pace, now: now) else { continue }
      defer { pace.exchanged(frame.unit, end: max(now, outbox.end ?? now)) }
      guard let reply = answer.reply, !answer.isForNobody else { continue }
      let sending = transport.send(reply, under: answer.onTheWay)
      let count = frame.body.count + 3 + sending.pieces.reduce(0) { $0 + $1.bytes.count }
      let start = max(now, outbox.end ?? now) + speed.duration(of: count) + speed.silence + answer.latency
      outbox.put(sending, from: start)
    }
  }

  mutating func tend(_ now: MonotonicInstant) {
    let terminal = descriptor
    // A line does not end.
    _ = outbox.flush(now) { write(terminal, $0.baseAddress, $0.count) }
  }

  private func takeBytes() -> [UInt8] {
    withUnsafeTemporaryAllocation(byteCount: 2048, alignment: 1) { buffer in
      let count = read(descriptor, buffer.baseAddress, buffer.count)
      return count > 0 ? Array(buffer[..<count]) : []
    }
  }
}
