import Foundation
import SiteSimulator
import TestKit
import Testing

/// The program as a whole, asked by libmodbus.
@Suite(.serialized) struct ProgramTests {
  @Test func servesLibmodbusAndEndsOnSIGTERM() async throws {
    let simulator = try await SimulatorProgram(site: [
      "--fixed-load", "4000", "--fixed-pv", "0", "--boiler", "always", "--soc", "80",
    ])
    let inverter = try ModbusClient(simulator.port("inverter"))
    let meter = try ModbusClient(simulator.port("meter"))
    let relay = try ModbusClient(simulator.port("relay"))
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
    let simulator = try await SimulatorProgram()
    for bytes: [UInt8] in [
      Array("GET / HTTP/1.1\r\n\r\n".utf8), [0, 1, 0, 0, 0], [0, 1, 0, 0, 0, 6, 1, 3, 0x9C],
      [UInt8](repeating: 255, count: 3000),
    ] {
      let socket = try RawSocket(simulator.port("inverter"))
      socket.send(bytes)
      // Another client is served meanwhile.
      #expect(try ModbusClient(simulator.port("inverter")).holding(40_000, 2).count == 2)
    }
    // Asks and goes without waiting for the answers.
    for _ in 0..<20 {
      let socket = try RawSocket(simulator.port("meter"))
      socket.send(ModbusFrame(transaction: 1, unit: 1, body: [4, 0, 52, 0, 2]).bytes)
    }
    try await eventually("the meter still answers") {
      (try? ModbusClient(simulator.port("meter")))?.input(52, 2).count == 2
    }
    #expect(simulator.child.isRunning)
  }

  @Test func saysWhatItDoesNotUnderstandAndWhichPortIsTaken() async throws {
    let simulator = try await SimulatorProgram()
    let taken = [
      "--inverter-port", "\(try simulator.port("inverter"))", "--meter-port", "0", "--relay-port", "0",
      "--wallbox-port", "0",
    ]
    for arguments in [taken, ["--sky", "yesterday"], ["--soc", "120"], ["--load-script", "/nonexistent"]] {
      let output = simulator.folder.appendingPathComponent("refusal")
      let child = try ChildProcess(SimulatorProgram.path(), ["run"] + arguments, output: output)
      try await eventually("it gives up") { !child.isRunning }
      #expect(child.wait() != 0)
      let text = try String(contentsOf: output, encoding: .utf8)
      #expect(text.contains("Error") && !text.contains("\"ready\""))
    }
  }

  @Test func publishesTheClimateAlsoAfterTheBrokerWasAway() async throws {
    let broker = try TestBroker()
    let simulator = try await SimulatorProgram(site: ["--mqtt", "127.0.0.1:\(broker.port)"])
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
