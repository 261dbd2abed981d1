import CModbus
import Foundation
import TestKit
import Testing

/// Faults of the running program, as libmodbus and the orders' topic see them.
@Suite(.serialized) struct FaultProgramTests {
  @Test func aScriptMakesTheMeterFaultyAndWellAgain() async throws {
    let file = try TemporaryFolder.make("faults").appendingPathComponent("faults")
    defer { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }
    try "0 meter exception 6\n1 meter heal\n".write(to: file, atomically: true, encoding: .utf8)
    let simulator = try await SimulatorProgram(site: ["--faults", file.path])
    let meter = try ModbusClient(simulator.port("meter"))
    try await eventually("it is well again") { meter.input(52, 2).count == 2 }
    try "0 meter flood\n".write(to: file, atomically: true, encoding: .utf8)
    let output = simulator.folder.appendingPathComponent("refusal")
    let child = try ChildProcess(SimulatorProgram.path(), ["run", "--faults", file.path], output: output)
    #expect(child.wait() != 0)
    #expect(try String(contentsOf: output, encoding: .utf8).contains("line 1: there is no fault 'flood'"))
  }

  @Test func ordersAreTakenLiveAndAnswered() async throws {
    let broker = try TestBroker()
    let simulator = try await SimulatorProgram(site: ["--mqtt", "127.0.0.1:\(broker.port)"])
    let orders = try OrderDesk(broker, folder: simulator.folder)
    try await orders.begin()

    let meter = try ModbusClient(simulator.port("meter"))
    #expect(meter.input(52, 2).count == 2)
    let exception = try await orders.give("meter exception 3")
    #expect(exception["outcome"] as? String == "accepted")
    #expect(meter.input(52, 2).isEmpty && ModbusClient.failure == EMBXILVAL_CODE)
    try await orders.give("meter heal")

    try await orders.give("meter wrong-transaction")
    #expect(meter.input(52, 2).isEmpty && ModbusClient.failure == EMBBADDATA_CODE)
    try await orders.give("meter heal")

    // A half frame and the end of the connection.
    try await orders.give("meter disconnect")
    let cut = try RawSocket(simulator.port("meter"))
    cut.send([0, 1, 0, 0, 0, 6, 1, 4, 0, 52, 0, 2])
    #expect(cut.receiveUntilClosed().count == 7)
    try await orders.give("meter heal")

    try await orders.give("meter drip 0.02")
    let dripped = try RawSocket(simulator.port("meter"))
    let begin = Date()
    dripped.send([0, 1, 0, 0, 0, 6, 1, 4, 0, 52, 0, 2])
    #expect(dripped.receive(13).count == 13)
    #expect(Date().timeIntervalSince(begin) > 0.02 * 12)
    try await orders.give("meter heal")

    let refusal = try await orders.give("meter flood")
    #expect(refusal["outcome"] as? String == "refused")
    #expect((refusal["reason"] as? String)?.contains("flood") == true)
    #expect(refusal["active"] as? [String] == [])
    #expect(try ModbusClient(simulator.port("meter")).input(52, 2).count == 2)
  }

  @Test func severalUnitsAnswerLibmodbusOnASerialLine() async throws {
    let broker = try TestBroker()
    let folder = try TemporaryFolder.make("line")
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("meters").path
    let simulator = try await SimulatorProgram(site: [
      "--meter-rtu", path, "--meters", "2", "--mqtt", "127.0.0.1:\(broker.port)", "--fixed-load", "3000",
    ])
    #expect(simulator.ready["rtu"] as? String == path)
    let orders = try OrderDesk(broker, folder: simulator.folder)
    try await orders.begin()
    let line = try ModbusClient(path)
    line.wait(milliseconds: 900)
    var powers: Set<[UInt16]> = []
    for unit in 1...3 {
      line.address(unit: unit)
      powers.insert(line.input(52, 2))
    }
    #expect(powers.count == 3 && !powers.contains([]))
    // Nobody is at 9, and the others are heard afterwards.
    line.address(unit: 9)
    line.wait(milliseconds: 100)
    #expect(line.input(52, 2).isEmpty)
    line.address(unit: 2)
    line.wait(milliseconds: 900)
    #expect(line.input(52, 2).count == 2)

    try await orders.give("meter-2 bad-crc")
    #expect(line.input(52, 2).isEmpty && ModbusClient.failure == EMBBADCRC_CODE)
    line.address(unit: 3)
    #expect(line.input(52, 2).count == 2)
    #expect(simulator.child.terminate() == 0)
    #expect(!FileManager.default.fileExists(atPath: path))
  }
}

// Macros of modbus.h that Swift does not see: MODBUS_ENOBASE and what is added to it.
private let base: Int32 = 112_345_678
private let EMBXILVAL_CODE = base + 3
private let EMBBADCRC_CODE = base + 12
private let EMBBADDATA_CODE = base + 13

/// Gives orders over the broker and hears the answers.
final class OrderDesk {
  private let broker: TestBroker
  private let answers: URL
  private let listener: ChildProcess
  private var given = 0

  init(_ broker: TestBroker, folder: URL) throws {
    self.broker = broker
    answers = folder.appendingPathComponent("answers")
    listener = try ChildProcess(
      "mosquitto_sub", ["-p", "\(broker.port)", "-t", "holdfast-sim/fault/result"], output: answers)
  }

  deinit { listener.kill() }

  private var lines: [String] {
    let text = (try? String(contentsOf: answers, encoding: .utf8)) ?? ""
    return text.hasSuffix("\n") ? text.split(separator: "\n").map(String.init) : []
  }

  /// Until the simulator and the listener are both there.
  func begin() async throws {
    try await eventually("the simulator takes orders") {
      try send("meter heal")
      try await Task.sleep(nanoseconds: 100_000_000)
      return !lines.isEmpty
    }
    // Every order that was sent meanwhile has its answer behind this one.
    try send("nobody begin")
    try await eventually("the first orders are answered") { lines.contains { $0.contains("nobody begin") } }
    given = lines.count
  }

  @discardableResult
  func give(_ order: String) async throws -> [String: Any] {
    try send(order)
    var answer: [String: Any] = [:]
    try await eventually("\(order) is answered") {
      guard lines.count > given else { return false }
      answer = try #require(try JSONSerialization.jsonObject(with: Data(lines[given].utf8)) as? [String: Any])
      return true
    }
    given += 1
    #expect(answer["order"] as? String == order)
    return answer
  }

  private func send(_ order: String) throws {
    let sender = try ChildProcess(
      "mosquitto_pub", ["-p", "\(broker.port)", "-q", "1", "-t", "holdfast-sim/fault", "-m", order])
    #expect(sender.wait() == 0)
  }
}
