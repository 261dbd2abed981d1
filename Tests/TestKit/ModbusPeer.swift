public import EnergyModel
import Glibc
import Synchronization
import Threads

/// Modbus devices behind one TCP port, or on one serial line (a pair of pseudo-terminals), which do to each request what
/// a test decides. One thread; a late answer does not hold up the next request.
public final class ModbusPeer: Sendable {
  /// What becomes of one request.
  public enum Behaviour: Hashable, Sendable {
    case answer
    case swallow
    case late(milliseconds: Int)
    /// As some gateways do: the answer to this question is given to the unit's next one, over whichever connection.
    case givenToTheNext
    /// One byte at a time.
    case drip(milliseconds: Int)
    case exception(UInt8)
    case wrongTransaction
    case wrongUnit
    case wrongFunction
    /// One register fewer than asked for.
    case shortAnswer
    /// The frame ends in its middle; over TCP the connection with it.
    case cut
    /// Over TCP the protocol id is wrong instead.
    case badChecksum
    /// Acknowledged and not carried out.
    case ignoreWrite
    /// One bit of the data is another, and the checksum is that of the frame: nobody can see it.
    case altered
  }

  public struct Request: Hashable, Sendable {
    public var unit: Int
    public var function: UInt8
    public var address: Int
    public var count: Int
    public var at: MonotonicInstant
  }

  struct Line {
    var descriptor: Int32
    var waiting: [UInt8] = []
    var outbox: [(due: MonotonicInstant, bytes: [UInt8], ends: Bool)] = []
  }

  /// The port, or zero.
  public let port: Int
  /// The serial port, or empty.
  public let path: String
  let isSerial: Bool
  let decide: @Sendable (Request) -> Behaviour
  let value: @Sendable (_ unit: Int, _ address: Int) -> UInt16?
  let written = Mutex<[Int: UInt16]>([:])
  /// By unit: what its next question is answered.
  let misplaced = Mutex<[Int: [UInt8]]>([:])
  private let requestLog = Mutex<(requests: [Request], count: Int)>(([], 0))
  private let listener: Int32
  /// Keeps the pair alive while nobody has the port open.
  private let slave: Int32
  private let bell = Wakeup()
  private let isStopped = Mutex(false)
  private let thread = Mutex<OwnThread?>(nil)

  /// - Parameters:
  ///   - value: of a register that nobody has written; nil is refused with exception 2.
  public init(
    serial: Bool = false, value: @escaping @Sendable (_ unit: Int, _ address: Int) -> UInt16?,
    decide: @escaping @Sendable (Request) -> Behaviour = { _ in .answer }
  ) throws {
    isSerial = serial
    self.value = value
    self.decide = decide
    if serial {
      port = 0
      listener = open("/dev/ptmx", O_RDWR | O_NOCTTY)
      // TIOCSPTLCK and TIOCGPTN of <asm-generic/ioctls.h>, which Swift does not see.
      var number: Int32 = 0
      guard ioctl(listener, 0x4004_5431, &number) == 0, ioctl(listener, 0x8004_5430, &number) == 0 else {
        throw TestKitError.didNotStart("a pair of pseudo-terminals")
      }
      path = "/dev/pts/\(number)"
      slave = open(path, O_RDWR | O_NOCTTY)
      var settings = termios()
      tcgetattr(slave, &settings)
      cfmakeraw(&settings)
      tcsetattr(slave, TCSANOW, &settings)
    } else {
      port = Loopback.freePort()
      path = ""
      slave = -1
      listener = try Loopback.listener(port: port, backlog: 64)
    }
    thread.withLock { $0 = OwnThread(name: "modbus-peer") { self.run() } }
  }

  /// The first thousand.
  public var requests: [Request] { requestLog.withLock { $0.requests } }
  public var requestCount: Int { requestLog.withLock { $0.count } }

  /// What stands in a register.
  public func register(_ unit: Int, _ address: Int) -> UInt16? {
    written.withLock { $0[unit << 16 | address] } ?? value(unit, address)
  }

  public func stop() {
    isStopped.withLock { $0 = true }
    bell.ring()
    thread.withLock { thread in
      thread?.join()
      thread = nil
    }
  }

  private func run() {
    var lines = isSerial ? [Line(descriptor: listener)] : []
    while !isStopped.withLock({ $0 }) {
      var entries = [pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)]
      if !isSerial { entries.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
      let first = entries.count
      entries += lines.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      let due = lines.compactMap { $0.outbox.first?.due }.min()
      let wait = due.map { max(0, ($0 - .current).nanoseconds + 999_999) / 1_000_000 } ?? 1000
      poll(&entries, nfds_t(entries.count), Int32(clamping: wait))
      for index in lines.indices {
        if entries[first + index].revents != 0, !receive(&lines[index]) { lines[index].end() }
        if lines[index].descriptor >= 0, !lines[index].send(isSerial: isSerial) { lines[index].end() }
      }
      lines.removeAll { $0.descriptor < 0 }
      if !isSerial, entries[1].revents != 0 {
        let client = accept(listener, nil, nil)
        var yes: Int32 = 1
        setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
        if client >= 0 { lines.append(Line(descriptor: client)) }
      }
    }
    for index in lines.indices { lines[index].end() }
    if isSerial { close(slave) } else { close(listener) }
  }

  /// False ends the line.
  private func receive(_ line: inout Line) -> Bool {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(line.descriptor, &bytes, bytes.count)
    guard count > 0 else { return false }
    line.waiting += bytes[..<count]
    while let (head, unit, body) = takeRequest(&line) {
      let isSingle = body[0] == 5 || body[0] == 6
      let request = Request(
        unit: unit, function: body[0], address: Int(body[1]) << 8 | Int(body[2]),
        count: isSingle ? 1 : Int(body[3]) << 8 | Int(body[4]), at: .current)
      requestLog.withLock { log in
        log.count += 1
        if log.count <= 1000 { log.requests.append(request) }
      }
      answer(request, body, head, &line)
    }
    return true
  }
}
