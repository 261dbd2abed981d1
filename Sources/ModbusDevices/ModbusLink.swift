import CModbus
import DeviceProfile
import EnergyModel
import Glibc
import Threads

/// One Modbus connection, over TCP or a serial line. It belongs to the thread of its bus.
///
/// Every answer has one deadline (libmodbus' byte timeout would let a dripping peer stretch it). Over TCP the connection
/// ends with the first failure that is not a clean exception; a serial line falls quiet first, so that the rest of a broken
/// or late answer is not taken for the next one's.
final class ModbusLink {
  /// How the devices behind a connection want to be met.
  struct Manners: Hashable, Sendable {
    /// Rest of the line between requests to two different units.
    var unitPause = Duration.zero
    /// Rest after a connection was made.
    var connectDelay = Duration.zero
    /// The peer closes a connection that was idle for so long: it is made anew before.
    var idleClose: Duration?
  }

  /// A serial line that was silent for so long has nothing more to say about a question that went wrong.
  static let quiet = Duration.milliseconds(100)
  /// A line that babbles is not listened to for longer.
  static let longestQuiet = Duration.seconds(1)

  private let endpoint: BusEndpoint
  let isSerial: Bool
  private let manners: Manners
  private(set) var context: OpaquePointer?
  private var lock: SerialLock?
  var transaction: UInt16 = 0
  private var frame: [UInt8] = Array(repeating: 0, count: Int(MODBUS_MAX_ADU_LENGTH))
  /// Counts connections: what was learnt over an earlier one has to be checked again.
  private(set) var generation: UInt64 = 0
  var lastExchange: MonotonicInstant?
  var lastUnit: Int?

  init(_ endpoint: BusEndpoint, manners: Manners = Manners()) {
    self.endpoint = endpoint
    isSerial = endpoint.framing == .rtu
    self.manners = manners
  }

  deinit { close() }

  var isConnected: Bool { context != nil }

  /// Connects unless connected. The name is looked up here, on the bus's own thread.
  /// - Parameter timeout: for each address that the name stands for.
  func connect(timeout: Duration) throws(ModbusFailure) {
    if let idle = manners.idleClose, let lastExchange, MonotonicInstant.current - lastExchange >= idle * 0.8 { close() }
    guard context == nil else { return }
    guard Self.hasRoomForDescriptor() else { throw ModbusFailure(.connect, code: EMFILE) }
    let fresh = try make()
    // The response timeout is the connect timeout as well, so it comes first.
    Self.setDeadline(timeout, of: fresh)
    modbus_set_byte_timeout(fresh, 0, 0)
    modbus_set_error_recovery(fresh, MODBUS_ERROR_RECOVERY_NONE)
    guard modbus_connect(fresh) == 0 else {
      let code = errno
      modbus_close(fresh)
      modbus_free(fresh)
      lock = nil
      if isSerial, code == EBUSY { throw ModbusFailure(.connect, .portTaken) }
      // Whatever opening a port says, there is no port.
      throw ModbusFailure(.connect, .notConnected(code == EINPROGRESS || code == EAGAIN ? ETIMEDOUT : code))
    }
    if isSerial {
      lock?.exclude()
      modbus_flush(fresh)
    } else {
      Self.prepareSocket(modbus_get_socket(fresh))
    }
    context = fresh
    generation += 1
    if manners.connectDelay > .zero { sleep(until: .current + manners.connectDelay) }
    lastExchange = .current
    lastUnit = nil
  }

  private func make() throws(ModbusFailure) -> OpaquePointer {
    let fresh: OpaquePointer?
    switch endpoint {
    case .tcp(let host, let port): fresh = modbus_new_tcp_pi(host, String(port))
    case .serial(let path, let line):
      do { lock = try SerialLock(path) } catch {
        let isTaken = error.number == EWOULDBLOCK || error.number == EBUSY
        throw ModbusFailure(.connect, isTaken ? .portTaken : .notConnected(error.number))
      }
      let parity = CChar(bitPattern: line.parity.rawValue.utf8.first ?? 78)
      fresh = modbus_new_rtu(path, Int32(line.baud), parity, 8, Int32(line.stopBits))
    }
    guard let fresh else {
      lock = nil
      throw ModbusFailure(.connect, .notConnected(errno))
    }
    return fresh
  }

  func close() {
    guard let open = context else { return }
    modbus_close(open)
    modbus_free(open)
    context = nil
    lock = nil
  }

  /// Blocks until `pause` has passed since the last request, or the pause that the line wants before another unit: some
  /// devices lose what comes sooner.
  func rest(_ pause: Duration, unit: Int) {
    guard let lastExchange else { return }
    let wanted = lastUnit == nil || lastUnit == unit ? pause : max(pause, manners.unitPause)
    if wanted > .zero { sleep(until: lastExchange + wanted) }
  }

  func sleep(until instant: MonotonicInstant) {
    let remaining = (instant - .current).nanoseconds
    if remaining > 0 { usleep(UInt32(clamping: (remaining + 999) / 1000)) }
  }

  /// Reads one block into `registers` at the block's place.
  func read(
    _ block: ReadBlock, unit: Int, timeout: Duration, into registers: inout [UInt16]
  ) throws(ModbusFailure) {
    precondition(block.imageOffset + block.count <= registers.count, "the image is too small for the block")
    let answer = try exchange(ModbusRequest(block), unit: unit, timeout: timeout)
    frame.withUnsafeBufferPointer { frame in
      block.place(UnsafeBufferPointer(rebasing: frame[answer.dropFirst(2)]), into: &registers)
    }
  }

  func write(_ write: EncodedWrite, unit: Int, timeout: Duration) throws(ModbusFailure) {
    _ = try exchange(ModbusRequest(write), unit: unit, timeout: timeout)
  }

  /// The place of the checked answer in ``frame``.
  private func exchange(_ request: ModbusRequest, unit: Int, timeout: Duration) throws(ModbusFailure) -> Range<Int> {
    guard let context else { throw ModbusFailure(request.operation, code: ENOTCONN) }
    guard (1...247).contains(unit) || unit == 255 && !isSerial else {
      throw ModbusFailure(request.operation, code: EINVAL)
    }
    Self.setDeadline(timeout, of: context)
    defer {
      lastExchange = .current
      lastUnit = unit
    }
    do throws(ModbusFailure) {
      let answer = isSerial ? try ask(request, unit, line: context) : try ask(request, unit, socket: context)
      try frame.withUnsafeBufferPointer { frame throws(ModbusFailure) in
        try request.check(UnsafeBufferPointer(rebasing: frame[answer]))
      }
      return answer
    } catch {
      recover(from: error)
      throw error
    }
  }

  private func ask(_ request: ModbusRequest, _ unit: Int, socket context: OpaquePointer) throws(ModbusFailure) -> Range<
    Int
  > {
    transaction &+= 1
    let bytes = request.frame(transaction: transaction, unit: unit)
    let sent = send(modbus_get_socket(context), bytes, bytes.count, Int32(MSG_NOSIGNAL))
    guard sent == bytes.count else { throw ModbusFailure(request.operation, code: sent < 0 ? errno : EAGAIN) }
    let count = Int(modbus_receive_confirmation(context, &frame))
    guard count >= 0 else { throw ModbusFailure(request.operation, code: errno) }
    return try frame.withUnsafeBufferPointer { frame throws(ModbusFailure) in
      try request.answer(in: UnsafeBufferPointer(rebasing: frame[..<count]), transaction: transaction, unit: unit)
    }
  }

  private func ask(_ request: ModbusRequest, _ unit: Int, line context: OpaquePointer) throws(ModbusFailure) -> Range<
    Int
  > {
    // What came while nobody had asked belongs to nobody.
    guard modbus_set_slave(context, Int32(unit)) == 0, modbus_flush(context) >= 0 else {
      throw ModbusFailure(request.operation, code: errno)
    }
    let bytes = [UInt8(unit)] + request.body
    guard modbus_send_raw_request(context, bytes, Int32(bytes.count)) >= 0 else {
      throw ModbusFailure(request.operation, code: errno)
    }
    let count = Int(modbus_receive_confirmation(context, &frame))
    guard count >= 0 else { throw ModbusFailure(request.operation, code: errno) }
    // libmodbus answers zero for another unit's frame.
    guard count > 3, Int(frame[0]) == unit else { throw request.fromAnother }
    return 1..<count - 2
  }

  func recover(from failure: ModbusFailure) {
    guard failure.endsConnection else { return }
    guard isSerial, case .timeout = failure.reason else {
      if isSerial, case .garbled = failure.reason { return calm() }
      return close()
    }
    calm()
  }

  /// Waits until a serial line is quiet and forgets what came.
  private func calm() {
    guard let context else { return }
    let end = MonotonicInstant.current + Self.longestQuiet
    var entry = pollfd(fd: modbus_get_socket(context), events: Int16(POLLIN), revents: 0)
    while MonotonicInstant.current < end, poll(&entry, 1, Int32(Self.quiet.milliseconds)) > 0 {
      // A port that was pulled out is readable for ever.
      guard entry.revents & Int16(POLLIN) != 0, modbus_flush(context) >= 0 else { return close() }
    }
  }

  private static func setDeadline(_ timeout: Duration, of context: OpaquePointer) {
    // Zero would mean to libmodbus that the timeout is invalid.
    let microseconds = max(1000, timeout.nanoseconds / 1000)
    modbus_set_response_timeout(context, UInt32(microseconds / 1_000_000), UInt32(microseconds % 1_000_000))
  }

  /// libmodbus waits with `select`, which aborts the process for descriptors of 1024 and above.
  private static func hasRoomForDescriptor() -> Bool {
    let lowest = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
    guard lowest >= 0 else { return errno == EBADF }
    Glibc.close(lowest)
    return lowest < 1000
  }

  private static func prepareSocket(_ descriptor: Int32) {
    func set(_ level: Int32, _ option: Int32, _ value: Int32) {
      var value = value
      setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }
    set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    // A peer that vanished without a word is noticed even where nothing is polled for long.
    set(SOL_SOCKET, SO_KEEPALIVE, 1)
    set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 30)
    set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 10)
    set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }
}
