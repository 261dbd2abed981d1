import CModbus
import Foundation
import SiteSimulator
import TestKit
import Testing

/// The program as a whole, asked by libmodbus.
@Suite(.serialized) struct ProgramTests {
  /// A running simulator on ports of its own.
  private final class Simulator {
    let child: ChildProcess
    let folder: URL
    let ports: (inverter: Int, meter: Int, relay: Int)

    init(_ arguments: [String] = []) async throws {
      let folder = try TemporaryFolder.make("sim")
      let output = folder.appendingPathComponent("output")
      child = try ChildProcess(
        Self.program(),
        [
          "run", "--inverter-port", "0", "--meter-port", "0", "--relay-port", "0", "--wallbox-port", "0",
          "--truth", folder.appendingPathComponent("truth").path,
        ] + arguments, output: output)
      var ready: [String: Int] = [:]
      try await eventually("the simulator is ready") {
        let text = try Data(contentsOf: output)
        guard text.last == UInt8(ascii: "\n") else { return false }
        ready = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Int])
        return true
      }
      self.folder = folder
      ports = (try #require(ready["inverter"]), try #require(ready["meter"]), try #require(ready["relay"]))
    }

    /// The program lies beside the tests.
    static func program() throws -> String {
      let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      return URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("holdfast-sim").path
    }

    deinit {
      child.kill()
      try? FileManager.default.removeItem(at: folder)
    }

    func truth() throws -> [[String: Any]] {
      let text = try String(contentsOf: folder.appendingPathComponent("truth"), encoding: .utf8)
      return try text.split(separator: "\n").map { line in
        try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
      }
    }
  }

  /// A libmodbus client of one device.
  private final class Client {
    private let context: OpaquePointer

    init(_ port: Int) throws {
      context = try #require(modbus_new_tcp("127.0.0.1", Int32(port)))
      modbus_set_slave(context, 1)
      try #require(modbus_connect(context) == 0)
    }

    deinit {
      modbus_close(context)
      modbus_free(context)
    }

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
  }

  @Test func servesLibmodbusAndEndsOnSIGTERM() async throws {
    let simulator = try await Simulator([
      "--fixed-load", "4000", "--fixed-pv", "0", "--boiler", "always", "--soc", "80",
    ])
    let inverter = try Client(simulator.ports.inverter)
    let meter = try Client(simulator.ports.meter)
    let relay = try Client(simulator.ports.relay)
    #expect(inverter.holding(40_000, 2) == [0x5375, 0x6E53])
    #expect(inverter.holding(40_002, 125).count == 125)
    #expect(meter.input(0, 80).count == 80)
    #expect(relay.coil(0) == true)
    #expect(relay.switchCoil(0, on: false))
    #expect(relay.coil(0) == false)

    // No discharging for three seconds, then the inverter lets go by itself.
    let storage = try #require(SunSpecChain.address(of: 124))
    #expect(inverter.write([2], at: storage + 5))
    #expect(inverter.write([0, 10_000, 0, 3], at: storage + 12))
    try await eventually("the limit is released") { inverter.holding(storage + 5, 1) == [0] }
    try await eventually("the truth tells it") {
      let last = try simulator.truth().last ?? [:]
      return last["reversions"] as? Int == 1 && last["relay_on"] as? Bool == false && last["writes"] as? Int == 2
    }
    #expect(simulator.child.terminate() == 0)
  }

  @Test func survivesGarbageHalfFramesAndClientsThatVanish() async throws {
    let simulator = try await Simulator()
    for bytes: [UInt8] in [
      Array("GET / HTTP/1.1\r\n\r\n".utf8), [0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 6, 1, 3, 0x9C],
      [UInt8](repeating: 255, count: 3000),
    ] {
      let socket = try RawSocket(simulator.ports.inverter)
      socket.send(bytes)
      // Another client is served meanwhile.
      #expect(try Client(simulator.ports.inverter).holding(40_000, 2).count == 2)
    }
    // Asks and goes without waiting for the answers.
    for _ in 0..<20 {
      let socket = try RawSocket(simulator.ports.meter)
      socket.send(ModbusFrame(transaction: 1, unit: 1, body: [4, 0, 52, 0, 2]).bytes)
    }
    try await eventually("the meter still answers") {
      (try? Client(simulator.ports.meter))?.input(52, 2).count == 2
    }
    #expect(simulator.child.isRunning)
  }

  @Test func saysWhatItDoesNotUnderstandAndWhichPortIsTaken() async throws {
    let simulator = try await Simulator()
    let taken = [
      "--inverter-port", "\(simulator.ports.inverter)", "--meter-port", "0", "--relay-port", "0", "--wallbox-port", "0",
    ]
    for arguments in [taken, ["--sky", "yesterday"], ["--soc", "120"], ["--load-script", "/nonexistent"]] {
      let output = simulator.folder.appendingPathComponent("refusal")
      let child = try ChildProcess(Simulator.program(), ["run"] + arguments, output: output)
      try await eventually("it gives up") { !child.isRunning }
      #expect(child.wait() != 0)
      let text = try String(contentsOf: output, encoding: .utf8)
      #expect(text.contains("Error") && !text.contains("\"ready\""))
    }
  }

  @Test func publishesTheClimateAlsoAfterTheBrokerWasAway() async throws {
    let broker = try TestBroker()
    let simulator = try await Simulator(["--mqtt", "127.0.0.1:\(broker.port)"])
    let first = try await climate(broker, in: simulator.folder, "first")
    let object = try #require(try JSONSerialization.jsonObject(with: first) as? [String: Double])
    #expect((5...20).contains(object["temperature"] ?? 0) && (40...80).contains(object["humidity"] ?? 0))
    broker.stop()
    try broker.start()
    #expect(try await !climate(broker, in: simulator.folder, "second").isEmpty)
  }

  /// The next message of the sensor.
  private func climate(_ broker: TestBroker, in folder: URL, _ name: String) async throws -> Data {
    let file = folder.appendingPathComponent(name)
    let listener = try ChildProcess(
      "mosquitto_sub", ["-p", "\(broker.port)", "-t", "home/cellar/climate", "-C", "1"], output: file)
    try await eventually("a message arrives") { !listener.isRunning }
    return try Data(contentsOf: file)
  }
}

/// A TCP client that may say anything.
private final class RawSocket {
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
}
