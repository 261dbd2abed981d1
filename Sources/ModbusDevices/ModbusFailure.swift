import CModbus
import Glibc

/// What went wrong with one request, and what it means for the connection and the device.
package struct ModbusFailure: Error, Hashable, Sendable {
  package enum Operation: String, Hashable, Sendable { case connect, read, write }

  package enum Reason: Hashable, Sendable {
    /// Nobody accepts the connection, or there is no such port.
    case notConnected(Int32)
    /// Another process uses the serial port.
    case portTaken
    /// The peer closed the connection, or it broke.
    case connectionLost(Int32)
    /// No answer, or no whole answer, within the deadline.
    case timeout
    /// An answer that does not belong to the question.
    case garbled(Int32)
    /// The device refuses. The code is 1 to 255; the Modbus specification knows those up to 11, and some vendors have
    /// others.
    case exception(UInt8)
    /// The request cannot be made at all.
    case invalid(Int32)
  }

  package var operation: Operation
  package var reason: Reason

  /// After anything else than a clean exception the stream can no longer be trusted: one late reply
  /// would spoil every following one.
  var endsConnection: Bool {
    switch reason {
    case .exception: false
    case .notConnected, .portTaken, .connectionLost, .timeout, .garbled, .invalid: true
    }
  }

  /// True when the device itself was not heard. A gateway's exceptions 10 and 11 speak of a device
  /// behind it that is not there.
  var isSilence: Bool {
    switch reason {
    case .exception(let code): code == 10 || code == 11
    case .notConnected, .portTaken, .connectionLost, .timeout, .garbled, .invalid: true
    }
  }

  /// True when the answer may still come.
  var leavesAnswerOpen: Bool {
    switch reason {
    case .timeout, .garbled: true
    case .notConnected, .portTaken, .connectionLost, .exception, .invalid: false
    }
  }

  /// True when nothing can be heard of anybody on this bus.
  var isWithoutLink: Bool {
    switch reason {
    case .notConnected, .portTaken: true
    case .connectionLost, .timeout, .garbled, .exception, .invalid: false
    }
  }

  init(_ operation: Operation, _ reason: Reason) {
    self.operation = operation
    self.reason = reason
  }

  /// - Parameter code: `errno` as libmodbus left it.
  init(_ operation: Operation, code: Int32) {
    self.operation = operation
    switch code {
    case MODBUS_ENOBASE + 1...MODBUS_ENOBASE + 11: reason = .exception(UInt8(code - MODBUS_ENOBASE))
    // libmodbus: EMBBADCRC is the first after the exceptions, then EMBBADDATA, EMBBADEXC, …
    case MODBUS_ENOBASE + 12...MODBUS_ENOBASE + 17: reason = .garbled(code)
    case ETIMEDOUT, EINPROGRESS, EAGAIN: reason = operation == .connect ? .notConnected(ETIMEDOUT) : .timeout
    case EINVAL: reason = .invalid(code)
    default: reason = operation == .connect ? .notConnected(code) : .connectionLost(code)
    }
  }
}

extension ModbusFailure: CustomStringConvertible {
  package var description: String {
    switch reason {
    case .notConnected(let code): "no connection: \(Self.text(code))"
    case .portTaken: "another process uses the serial port"
    case .connectionLost(let code): "the connection broke during a \(operation.rawValue): \(Self.text(code))"
    case .timeout: "no answer to a \(operation.rawValue) in time"
    case .garbled(let code): "a wrong answer to a \(operation.rawValue): \(Self.text(code))"
    case .exception(let code):
      "exception \(code) to a \(operation.rawValue): \((1...11).contains(code) ? Self.text(MODBUS_ENOBASE + Int32(code)) : "the vendor's own")"
    case .invalid(let code): "an impossible \(operation.rawValue): \(Self.text(code))"
    }
  }

  private static func text(_ code: Int32) -> String { modbus_strerror(code).map { String(cString: $0) } ?? "\(code)" }
}
