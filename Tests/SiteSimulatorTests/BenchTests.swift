import SiteSimulator
import Testing

/// A client's view of a bench with faults, without sockets.
struct FaultClient {
  var bench: Bench

  init(_ world: SiteWorld, seed: UInt64 = 1) {
    bench = Bench(site: SiteBench(world: world, identity: InverterIdentity(serial: "34119087")), seed: seed)
  }

  static let buses: [String: Int] = ["inverter": 0, "meter": 1, "relay": 2, "wallbox": 3]

  mutating func ask(_ device: String, _ body: [UInt8]) -> Bench.Answer {
    let unit: UInt8 = device == "wallbox" ? 255 : 1
    return bench.answer(
      ModbusFrame(transaction: 7, unit: unit, body: body), bus: Self.buses[device] ?? 9)
  }

  mutating func words(_ device: String, _ address: Int, _ count: Int) -> [UInt16] {
    let function: UInt8 = device == "meter" ? 4 : 3
    let reply = ask(device, [function] + BenchClient.bytes(address) + BenchClient.bytes(count)).reply?.body ?? []
    guard reply.count == 2 + 2 * count else { return [] }
    return (0..<count).map { UInt16(reply[2 + 2 * $0]) << 8 | UInt16(reply[3 + 2 * $0]) }
  }

  mutating func float(_ address: Int) -> Float {
    let words = words("meter", address, 2)
    return words.count == 2 ? Float(bitPattern: UInt32(words[0]) << 16 | UInt32(words[1])) : .nan
  }

  /// Nil where it was acknowledged.
  mutating func write(_ values: [UInt16], at address: Int) -> UInt8? {
    let body = [16] + BenchClient.bytes(address) + BenchClient.bytes(values.count) + [UInt8(values.count * 2)]
    let reply = ask("inverter", body + values.flatMap { BenchClient.bytes(Int($0)) }).reply?.body ?? []
    return reply.first == 16 ? nil : reply.last ?? 0
  }

  mutating func order(_ text: String) { #expect(bench.order(text).refusal == nil) }

  mutating func run(seconds: Double) {
    for _ in 0..<Int(seconds * 10) { bench.step(by: .milliseconds(100)) }
  }
}

@Suite struct BenchTests {
  private func client(load: Double = 3000) -> FaultClient { FaultClient(Worlds.steady(load: load, pv: 0, soc: 5)) }

  @Test func silenceLastsAsLongAsItWasAskedFor() {
    var client = client()
    client.order("meter silence for 2")
    #expect(client.ask("meter", [4, 0, 52, 0, 2]).reply == nil)
    #expect(client.words("inverter", 40_000, 1) == [0x5375])
    client.run(seconds: 1.9)
    #expect(client.ask("meter", [4, 0, 52, 0, 2]).reply == nil)
    client.run(seconds: 0.2)
    #expect(client.float(52) > 2000)
    #expect(client.bench.activeFaults.isEmpty)
  }

  @Test func exceptionsAreToldAndWritesThenNotCarriedOut() {
    var client = client()
    for code in 1...6 {
      client.order("relay exception \(code)")
      #expect(client.ask("relay", [5, 0, 0, 0, 0]).reply?.body == [0x85, UInt8(code)])
      client.order("relay heal")
    }
    #expect(client.ask("relay", [1, 0, 0, 0, 1]).reply?.body == [1, 1, 1])
  }

  @Test func whatHappensOnTheWayIsHandedOn() {
    var client = client()
    client.order("meter drip 0.05")
    client.order("meter wrong-transaction")
    client.order("meter spike power_w")
    #expect(client.ask("meter", [4, 0, 0, 0, 2]).onTheWay == [.drip(.milliseconds(50)), .wrongTransaction])
    client.order("meter heal")
    #expect(client.ask("meter", [4, 0, 0, 0, 2]).onTheWay == [])
  }

  @Test func aFaultByChanceBitesAsOftenAsItShouldAndTheSameWithTheSameSeed() {
    func bites(_ seed: UInt64) -> [Bool] {
      var client = FaultClient(Worlds.steady(load: 3000, pv: 0), seed: seed)
      client.order("meter silence chance 0.3")
      return (0..<2000).map { _ in client.ask("meter", [4, 0, 52, 0, 2]).reply == nil }
    }
    let first = bites(1)
    #expect((500...700).contains(first.count { $0 }))
    #expect(first == bites(1) && first != bites(2))
  }

  @Test func aSecondClientIsRefused() {
    var client = client()
    #expect(client.bench.takesClient(bus: 1, beside: 1) && !client.bench.takesClient(bus: 1, beside: 16))
    #expect(client.bench.takesClient(bus: 3, beside: 0) && !client.bench.takesClient(bus: 3, beside: 1))
    client.order("meter refuse-second")
    #expect(client.bench.takesClient(bus: 1, beside: 0) && !client.bench.takesClient(bus: 1, beside: 1))
  }

  @Test func frozenRegistersKeepWhatTheyHad() {
    var client = client()
    client.run(seconds: 2)
    let (energy, voltage) = (client.float(72), client.float(0))
    client.order("meter frozen energy_import_wh")
    client.run(seconds: 60)
    #expect(client.float(72) == energy && client.float(0) != voltage)
    client.order("meter heal")
    #expect(client.float(72) > energy)
    client.order("meter frozen")
    let all = client.words("meter", 0, 80)
    client.run(seconds: 60)
    #expect(client.words("meter", 0, 80) == all)
    client.order("meter heal")
    #expect(client.words("meter", 0, 80) != all)
  }

  @Test func valuesAreBentWhole() {
    var client = client()
    client.run(seconds: 2)
    let power = client.float(52)
    #expect(power > 2000)
    client.order("meter sign-flip power_w")
    #expect(client.float(52) == -power)
    // Half of the value in a request: the half of the bent one.
    let bent = client.words("meter", 52, 2)
    #expect(Array(client.words("meter", 50, 4).suffix(2)) == bent)
    client.order("meter heal")
    client.order("meter spike power_w 40")
    #expect(abs(client.float(52) - 40 * power) < 1)
    client.order("meter heal")
    client.order("meter word-swap power_w")
    let swapped = client.words("meter", 52, 2)
    client.order("meter heal")
    #expect(client.words("meter", 52, 2) == swapped.reversed())
    client.order("meter sentinel power_w")
    #expect(client.float(52).isNaN)
    #expect(client.float(0) > 200)
  }

  @Test func integersAreBentInsideTheirType() throws {
    var client = FaultClient(Worlds.steady(load: 500, pv: 4000, soc: 50))
    client.run(seconds: 5)
    let at = try #require(SunSpecChain.address(of: 103)) + 14
    let power = client.words("inverter", at, 1)[0].signed
    #expect(power > 300)
    client.order("inverter sign-flip power_w")
    #expect(client.words("inverter", at, 1)[0].signed == -power)
    client.order("inverter heal")
    client.order("inverter spike power_w 1000")
    #expect(client.words("inverter", at, 1)[0].signed == 32_767)
    client.order("inverter heal")
    client.order("inverter sentinel power_w")
    #expect(client.words("inverter", at, 1) == [0x8000])
    client.order("inverter heal")
    client.order("inverter sentinel holding:\(at):int16 0x7FFF")
    #expect(client.words("inverter", at, 1) == [0x7FFF])
  }

  @Test func aCounterThatWasResetCountsFromZero() {
    var client = client(load: 9000)
    client.order("meter counter-reset energy_import_wh")
    #expect(client.float(72) == 0)
    client.run(seconds: 60)
    #expect((0.1...0.2).contains(client.float(72)))
  }

  @Test func ignoredWritesAreAcknowledgedAndRefusedOnesRefused() throws {
    var client = client()
    let storage = try #require(SunSpecChain.address(of: 124))
    client.order("inverter ignore-writes")
    #expect(client.write([3], at: storage + 5) == nil)
    #expect(client.words("inverter", storage + 5, 1) == [0])
    #expect(client.write([3], at: 40_002) == 2)
    client.order("inverter heal")
    #expect(client.write([3], at: storage + 5) == nil)
    #expect(client.words("inverter", storage + 5, 1) == [3])
  }

  @Test func writesAreTakenBackLater() throws {
    var client = client()
    let storage = try #require(SunSpecChain.address(of: 124))
    #expect(client.write([1], at: storage + 5) == nil)
    client.order("inverter revert-writes 5")
    #expect(client.write([3], at: storage + 5) == nil)
    #expect(client.ask("relay", [5, 0, 0, 0, 0]).reply?.body.first == 5)
    client.run(seconds: 4.8)
    #expect(client.words("inverter", storage + 5, 1) == [3])
    client.run(seconds: 0.4)
    #expect(client.words("inverter", storage + 5, 1) == [1])
    // Nobody else's writes.
    #expect(client.ask("relay", [1, 0, 0, 0, 1]).reply?.body == [1, 1, 0])
  }

  @Test func ordersComeByScriptAndAreRefusedByName() throws {
    var client = client()
    try client.bench.follow(try FaultScript("1 meter silence\n2 meter heal\n2 relay delay 0.5\n"))
    client.run(seconds: 1)
    #expect(client.bench.activeFaults == ["meter silence"])
    client.run(seconds: 1)
    #expect(client.bench.activeFaults == ["relay delay 0.5"])
    let refusal = client.bench.order("boiler silence")
    #expect(refusal.refusal?.contains("inverter, meter, relay, wallbox") == true)
    #expect(refusal.active == ["relay delay 0.5"])
    #expect(
      throws: FaultScript.Malformed(
        line: 2, reason: "there is no device 'x'; there are inverter, meter, relay, wallbox")
    ) {
      try client.bench.follow(try FaultScript("0 meter heal\n1 x silence"))
    }
  }
}
