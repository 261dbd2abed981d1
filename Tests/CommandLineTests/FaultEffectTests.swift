import Foundation
import TestKit
import Testing

/// Every fault of the simulator has the effect that its name says, as `holdfast read` sees it: ordered live over the broker,
/// and from a script.
@Suite(.serialized) struct FaultEffectTests {
  /// The meter feeds in 1500 W, a watt more each second, and has counted 5 MWh.
  private static let faults: [FaultyBus.Fault] =
    [
      .init("silence") { $0.says("no answer") },
      .init("silence", isSerial: true) { $0.says("no answer") },
      // Two requests.
      .init("delay 0.1") { $0.isGood() && $0.milliseconds >= 200 },
      .init("delay 2", isSerial: true) { $0.says("no answer") },
      .init("drip 0.05") { $0.says("no answer") },
      .init("drip 0.1", isSerial: true) { $0.says("no answer") },
      .init("late") { $0.says("no answer") },
      // The answer of the first request comes to the second, which wants another length.
      .init("stale") { $0.isGood("voltage_l1_v") && $0.qualities["power_w"] == "timeout" },
      .init("wrong-transaction") { $0.says("a wrong answer") },
      .init("wrong-unit") { $0.says("not from requested slave") },
      .init("wrong-unit", isSerial: true) { $0.says("not from requested slave") },
      .init("short") { $0.says("no answer") },
      .init("short", isSerial: true) { $0.says("no answer") },
      .init("bad-crc", isSerial: true) { $0.says("Invalid CRC") },
      .init("disconnect") { $0.says("the connection broke") },
      .init("disconnect", isSerial: true) { $0.says("no answer") },
      .init("refuse-second", meetsAnother: true) { $0.says("the connection broke") },
      .init("sentinel power_w") { $0.qualities["power_w"] == "not_implemented" && $0.isGood("voltage_l1_v") },
      .init("sentinel power_w 0x42280000") { $0.values["power_w"] == 42 },
      .init("sign-flip power_w") { $0.isGood() && $0.values["power_w", default: 0] >= 1500 },
      .init("spike power_w 10") { $0.isGood() && $0.values["power_w", default: 0] <= -15_000 },
      .init("counter-reset energy_import_wh") { $0.isGood() && $0.values["energy_import_wh"] == 0 },
    ] + [1, 2, 3, 4, 5, 6, 171].map { code in FaultyBus.Fault("exception \(code)") { $0.refuses(code) } }

  @Test func everyFaultThatIsOrderedLive() async throws {
    let broker = try TestBroker()
    let bus = try await FaultyBus(["--mqtt", "127.0.0.1:\(broker.port)"])
    func order(_ text: String) throws {
      let sender = try ChildProcess(
        "mosquitto_pub", ["-p", "\(broker.port)", "-q", "1", "-t", "holdfast-sim/fault", "-m", text])
      #expect(sender.wait() == 0)
    }
    try await eventually("the simulator takes orders") {
      try order("meter exception 5")
      return try bus.read().refuses(5)
    }
    for fault in Self.faults {
      try order("meter heal")
      try await eventually("it is well again") { try bus.read(isSerial: fault.isSerial).isGood() }
      try order("meter \(fault.order)")
      try await bus.shows(fault)
    }
    try order("meter heal")
    try await eventually("it is well again") { try bus.read().isGood() }
    #expect(try await !bus.standsStill())
    try order("meter frozen power_w")
    try await eventually("it stands still") { try await bus.standsStill() }
    try order("roof ignore-writes")
    try await eventually("writes are lost") { try bus.write().code == 1 }
    #expect(try bus.read("roof").qualities["production_limit_percent"] == "not_implemented")
    try order("roof heal")
    try order("roof revert-writes 1")
    // Orders are taken one after the other: once this one shows, those before it hold.
    try order("meter exception 6")
    try await eventually("the orders have come") { try bus.read().refuses(6) }
    #expect(try bus.write().code == 0)
    try await eventually("and what was written is taken back") {
      try bus.read("roof").qualities["production_limit_percent"] == "not_implemented"
    }
    #expect(bus.simulator.child.terminate() == 0)
  }

  @Test func everyFaultThatAScriptBrings() async throws {
    for fault in Self.faults {
      let bus = try await FaultyBus(script: "0.1 meter \(fault.order)\n")
      try await bus.shows(fault)
      #expect(bus.simulator.child.terminate() == 0)
    }
    let bus = try await FaultyBus(
      script: "0.1 meter frozen\n0.1 roof ignore-writes\n20 roof heal\n20 roof revert-writes 1\n")
    try await eventually("writes are lost") { try bus.write().code == 1 }
    try await eventually("it stands still") { try await bus.standsStill() }
    try await eventually(within: 30, "writes are taken again") { try bus.write().code == 0 }
    try await eventually("and taken back") {
      try bus.read("roof").qualities["production_limit_percent"] == "not_implemented"
    }
    #expect(bus.simulator.child.terminate() == 0)
  }
}
