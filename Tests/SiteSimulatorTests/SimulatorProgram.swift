import CModbus
import Foundation
import TestKit
import Testing

/// A running simulator on ports of its own.
final class SimulatorProgram {
  let child: ChildProcess
  let folder: URL
  /// The line in which it says that it is ready.
  let ready: [String: Any]

  /// The simulated site.
  convenience init(site arguments: [String] = []) async throws {
    let ports = ["inverter", "meter", "relay", "wallbox"].flatMap { ["--\($0)-port", "0"] }
    try await self.init { folder in
      ["run"] + ports + ["--truth", folder.appendingPathComponent("truth").path] + arguments
    }
  }

  init(_ arguments: (_ folder: URL) -> [String]) async throws {
    let folder = try TemporaryFolder.make("sim")
    let output = folder.appendingPathComponent("output")
    child = try ChildProcess(Self.path(), arguments(folder), output: output)
    var ready: [String: Any] = [:]
    try await eventually("the simulator is ready") {
      let text = try Data(contentsOf: output)
      guard text.last == UInt8(ascii: "\n") else { return false }
      ready = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
      return true
    }
    self.folder = folder
    self.ready = ready
  }

  /// The program lies beside the tests.
  static func path() throws -> String {
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("holdfast-sim").path
  }

  deinit {
    child.kill()
    try? FileManager.default.removeItem(at: folder)
  }

  func port(_ device: String) throws -> Int { try #require(ready[device] as? Int) }

  func truth() throws -> [[String: Any]] {
    let text = try String(contentsOf: folder.appendingPathComponent("truth"), encoding: .utf8)
    return try text.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
    }
  }
}

/// A libmodbus client of one bus.
final class ModbusClient {
  private let context: OpaquePointer

  init(_ port: Int, unit: Int = 1) throws {
    context = try #require(modbus_new_tcp("127.0.0.1", Int32(port)))
    modbus_set_slave(context, Int32(unit))
    try #require(modbus_connect(context) == 0)
  }

  /// Over a serial line.
  init(_ path: String, unit: Int = 1) throws {
    context = try #require(modbus_new_rtu(path, 9600, CChar(UInt8(ascii: "N")), 8, 1))
    modbus_set_slave(context, Int32(unit))
    try #require(modbus_connect(context) == 0)
  }

  deinit {
    modbus_close(context)
    modbus_free(context)
  }

  func address(unit: Int) { modbus_set_slave(context, Int32(unit)) }

  func wait(milliseconds: UInt32) { modbus_set_response_timeout(context, 0, milliseconds * 1000) }

  func holding(_ address: Int, _ count: Int) -> [UInt16] {
    var words = [UInt16](repeating: 0, count: count)
    return modbus_read_registers(context, Int32(address), Int32(count), &words) == count ? words : []
  }

  func input(_ address: Int, _ count: Int) -> [UInt16] {
    var words = [UInt16](repeating: 0, count: count)
    return modbus_read_input_registers(context, Int32(address), Int32(count), &words) == count ? words : []
  }

  func write(_ values: [UInt16], at address: Int) -> Bool {
    modbus_write_registers(context, Int32(address), Int32(values.count), values) == values.count
  }

  func switchCoil(_ coil: Int, on: Bool) -> Bool { modbus_write_bit(context, Int32(coil), on ? 1 : 0) == 1 }

  func coil(_ coil: Int) -> Bool? {
    var bit: UInt8 = 0
    return modbus_read_bits(context, Int32(coil), 1, &bit) == 1 ? bit == 1 : nil
  }

  /// Why the last call failed.
  static var failure: Int32 { errno }
}

/// A TCP client that may say anything.
final class RawSocket {
  private let descriptor: Int32

  init(_ port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let descriptor = descriptor
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    try #require(result == 0)
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) { _ = Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  /// So many bytes, or fewer where the peer closes or two seconds pass without any.
  func receive(_ count: Int) -> [UInt8] {
    var timeout = timeval(tv_sec: 2, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 512)
    while bytes.count < count {
      let received = recv(descriptor, &chunk, min(chunk.count, count - bytes.count), 0)
      guard received > 0 else { break }
      bytes += chunk[..<received]
    }
    return bytes
  }

  func receiveUntilClosed() -> [UInt8] { receive(.max) }
}
