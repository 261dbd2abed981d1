import CModbus
import DeviceProfile
import EnergyModel
import Glibc
import Threads

/// One Modbus TCP connection. It belongs to the thread of its bus.
///
/// Every answer has one deadline (libmodbus' byte timeout would let a dripping peer stretch it), and the
/// connection ends with the first failure that is not a clean exception.
final class ModbusLink {
  private let host: String
  private let port: Int
  private var context: OpaquePointer?
  private var bits: [UInt8] = Array(repeating: 0, count: Int(MODBUS_MAX_READ_BITS))
  /// Counts connections: what was learnt over an earlier one has to be checked again.
  private(set) var generation: UInt64 = 0
  private var lastExchange: MonotonicInstant?

  init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  deinit { close() }

  var isConnected: Bool { context != nil }

  /// Connects unless connected. The name is looked up here, on the bus's own thread.
  /// - Parameter timeout: for each address that the name stands for.
  func connect(timeout: Duration) throws(ModbusFailure) {
    guard context == nil else { return }
    guard Self.hasRoomForDescriptor() else { throw ModbusFailure(.connect, code: EMFILE) }
    guard let fresh = modbus_new_tcp_pi(host, String(port)) else { throw ModbusFailure(.connect, code: errno) }
    // The response timeout is the connect timeout as well, so it comes first.
    Self.setDeadline(timeout, of: fresh)
    modbus_set_byte_timeout(fresh, 0, 0)
    modbus_set_error_recovery(fresh, MODBUS_ERROR_RECOVERY_NONE)
    guard modbus_connect(fresh) == 0 else {
      let failure = ModbusFailure(.connect, code: errno)
      modbus_close(fresh)
      modbus_free(fresh)
      throw failure
    }
    Self.prepareSocket(modbus_get_socket(fresh))
    context = fresh
    generation += 1
  }

  func close() {
    guard let open = context else { return }
    modbus_close(open)
    modbus_free(open)
    context = nil
  }

  /// Blocks until `pause` has passed since the last request: some devices lose what comes sooner.
  func rest(_ pause: Duration) {
    guard pause > .zero, let lastExchange else { return }
    sleep(until: lastExchange + pause)
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
    let context = try open(.read, unit: unit, timeout: timeout)
    let start = Int32(block.start)
    let count = Int32(block.count)
    let answered: Int32
    switch block.space {
    case .holding:
      answered = registers.withUnsafeMutableBufferPointer {
        modbus_read_registers(context, start, count, $0.baseAddress.map { $0 + block.imageOffset })
      }
    case .input:
      answered = registers.withUnsafeMutableBufferPointer {
        modbus_read_input_registers(context, start, count, $0.baseAddress.map { $0 + block.imageOffset })
      }
    case .coil: answered = modbus_read_bits(context, start, count, &bits)
    case .discrete: answered = modbus_read_input_bits(context, start, count, &bits)
    }
    let code = errno
    lastExchange = .current
    guard answered == count else { throw failure(.read, code) }
    guard block.space == .coil || block.space == .discrete else { return }
    for index in 0..<block.count { registers[block.imageOffset + index] = UInt16(bits[index]) }
  }

  /// FC16 for holding registers, or FC06 where the device knows no other; FC05 for one coil, FC15 for several.
  func write(_ write: EncodedWrite, unit: Int, timeout: Duration) throws(ModbusFailure) {
    let context = try open(.write, unit: unit, timeout: timeout)
    let start = Int32(write.address)
    let count = Int32(write.registers.count)
    let answered: Int32
    switch (write.space, write.registers.count) {
    case (.coil, 1): answered = modbus_write_bit(context, start, write.registers[0] == 0 ? 0 : 1)
    case (.coil, _): answered = modbus_write_bits(context, start, count, write.registers.map { $0 == 0 ? 0 : 1 })
    case (_, 1) where write.function == .single:
      answered = modbus_write_register(context, start, write.registers[0])
    default: answered = modbus_write_registers(context, start, count, write.registers)
    }
    let code = errno
    lastExchange = .current
    guard answered == count else { throw failure(.write, code) }
  }

  private func open(
    _ operation: ModbusFailure.Operation, unit: Int, timeout: Duration
  ) throws(ModbusFailure) -> OpaquePointer {
    guard let context else { throw ModbusFailure(operation, code: ENOTCONN) }
    guard modbus_set_slave(context, Int32(unit)) == 0 else { throw ModbusFailure(operation, code: EINVAL) }
    Self.setDeadline(timeout, of: context)
    return context
  }

  private func failure(_ operation: ModbusFailure.Operation, _ code: Int32) -> ModbusFailure {
    let failure = ModbusFailure(operation, code: code)
    if failure.endsConnection { close() }
    return failure
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
