import SiteSimulator
import Testing

@Suite struct FaultOrderTests {
  private let power = RegisterTarget(.input, 52, .float32)

  private func read(_ text: String) throws -> FaultOrder {
    try FaultOrder(text) { device, point in device == "meter" && point == "power_w" ? power : nil }
  }

  @Test func everyFaultHasItsWords() throws {
    let holding = RegisterTarget(.holding, 37_765, .int32, isLowFirst: true)
    let expected: [String: DeviceFault] = [
      "silence": .silence, "delay 1.5": .delay(.milliseconds(1500)), "drip 0.05": .drip(.milliseconds(50)),
      "late": .late, "stale": .stale, "wrong-transaction": .wrongTransaction, "wrong-unit": .wrongUnit,
      "short": .short(bytes: 2), "short 5": .short(bytes: 5), "bad-crc": .badCRC, "exception 6": .exception(6),
      "disconnect": .disconnect, "refuse-second": .refuseSecond, "frozen": .frozen(nil),
      "frozen power_w": .frozen(power),
      "sentinel power_w": .sentinel(power, raw: nil), "sentinel power_w 0x7FFF": .sentinel(power, raw: 0x7FFF),
      "sign-flip holding:37765:int32:low-first": .signFlip(holding), "spike power_w": .spike(power, factor: 10),
      "spike power_w -2.5": .spike(power, factor: -2.5), "word-swap power_w": .wordSwap(power),
      "counter-reset power_w": .counterReset(power), "ignore-writes": .ignoreWrites,
      "revert-writes 20": .revertWrites(after: .seconds(20)),
    ]
    for (words, fault) in expected {
      #expect(try read("meter \(words)") == FaultOrder(device: "meter", fault: fault))
      #expect(
        try read("  meter \(words)  for 2.5 chance 0.25")
          == FaultOrder(device: "meter", fault: fault, duration: .milliseconds(2500), chance: 0.25))
    }
    #expect(try read("meter heal") == FaultOrder(device: "meter", fault: nil))
  }

  @Test(arguments: [
    "", "meter", "meter flood", "meter silence 5", "meter delay", "meter delay soon", "meter delay -1",
    "meter delay nan",
    "meter exception 0", "meter exception 256", "meter exception", "meter frozen power_q", "meter frozen holding:1",
    "meter frozen holding:65535:float32", "meter frozen coil:1:uint16", "meter spike power_w inf", "meter spike",
    "meter word-swap input:3:int16", "meter sentinel power_w 0x1FFFFFFFF", "meter silence for", "meter silence for 0",
    "meter silence chance 0", "meter silence chance 1.1", "meter silence for 5 x", "meter heal for 5",
    "relay frozen power_w", "meter short 0",
  ])
  func nonsenseIsRefusedInWords(text: String) {
    let refusal = #expect(throws: FaultOrder.Refusal.self) { try read(text) }
    #expect((refusal?.reason.count ?? 0) > 10)
  }

  @Test func scriptsAreLinesInOrder() throws {
    let script = try FaultScript("# faults\n0 meter silence for 3 # dead\n\n12.5 inverter heal\n")
    #expect(script.lines.map(\.second) == [0, 12.5])
    #expect(script.lines.map(\.number) == [2, 4])
    #expect(script.lines.map { $0.order.split(separator: " ").count } == [4, 2])
    for text in ["meter silence", "5", "5 meter heal\n4 meter heal", "nan meter heal"] {
      #expect(throws: FaultScript.Malformed.self) { try FaultScript(text) }
    }
  }
}
