import EnergyModel
import SiteSimulator
import Testing

/// A client's view of the devices, without sockets.
struct BenchClient {
  var bench: SiteBench

  init(_ world: SiteWorld, furtherMeters: Int = 0) {
    bench = SiteBench(world: world, identity: InverterIdentity(serial: "34119087"), furtherMeters: furtherMeters)
  }

  /// The body of the answer.
  mutating func ask(_ device: SiteBench.Device, _ body: [UInt8], unit: UInt8 = 1) -> [UInt8] {
    bench.answer(ModbusFrame(transaction: 9, unit: unit, body: body), from: device)?.body ?? []
  }

  mutating func registers(_ device: SiteBench.Device, _ address: Int, _ count: Int) -> [UInt16] {
    let function: UInt8 = device == .inverter ? 3 : 4
    let reply = ask(device, [function] + Self.bytes(address) + Self.bytes(count))
    guard reply.count == 2 + 2 * count, reply[0] == function else { return [] }
    return (0..<count).map { UInt16(reply[2 + 2 * $0]) << 8 | UInt16(reply[3 + 2 * $0]) }
  }

  mutating func float(_ address: Int) -> Float {
    let words = registers(.meter, address, 2)
    return words.count == 2 ? Float(bitPattern: UInt32(words[0]) << 16 | UInt32(words[1])) : .nan
  }

  /// Nil where the write was carried out, or the exception.
  mutating func write(_ values: [UInt16], at address: Int) -> UInt8? {
    let body = [16] + Self.bytes(address) + Self.bytes(values.count) + [UInt8(values.count * 2)]
    let reply = ask(.inverter, body + values.flatMap { Self.bytes(Int($0)) })
    return reply[0] == 16 ? nil : reply[1]
  }

  mutating func run(seconds: Int) {
    for _ in 0..<seconds * 10 { bench.step(by: .milliseconds(100)) }
  }

  static func bytes(_ word: Int) -> [UInt8] { [UInt8(word >> 8), UInt8(word & 0xFF)] }
}

extension UInt16 {
  var signed: Int { Int(Int16(bitPattern: self)) }
}

@Suite struct SiteBenchTests {
  private func model(_ id: Int) throws -> Int { try #require(SunSpecChain.address(of: id)) }

  @Test func theChainLeadsFromTheMarkerToTheEndBlock() {
    var client = BenchClient(Worlds.steady(load: 500, pv: 2000))
    #expect(client.registers(.inverter, 40_000, 2) == [0x5375, 0x6E53])
    var address = 40_002
    var found: [Int] = []
    while found.count < 20 {
      let head = client.registers(.inverter, address, 2)
      guard head.count == 2, head[0] != 0xFFFF else { break }
      found.append(Int(head[0]))
      address += 2 + Int(head[1])
    }
    #expect(found == [1, 103, 120, 121, 123, 124, 160, 802])
    #expect(client.registers(.inverter, address, 2) == [0xFFFF, 0])
    #expect(client.ask(.inverter, [3] + BenchClient.bytes(address + 2) + [0, 1]) == [0x83, 2])
    #expect(client.ask(.inverter, [3] + BenchClient.bytes(39_999) + [0, 1]) == [0x83, 2])
  }

  @Test func furtherMetersAnswerAsUnitsOfTheirOwnWithValuesOfTheirOwn() {
    var client = BenchClient(Worlds.steady(load: 3000, pv: 0), furtherMeters: 50)
    let ask: [UInt8] = [4] + BenchClient.bytes(52) + BenchClient.bytes(2)
    let powers = (1...51).map { client.ask(.meter, ask, unit: UInt8($0)) }
    #expect(Set(powers).count == 51)
    #expect(powers.allSatisfy { $0.count == 6 })
    let voltage: [UInt8] = [4] + BenchClient.bytes(0) + BenchClient.bytes(2)
    #expect(client.ask(.meter, voltage, unit: 7) == client.ask(.meter, voltage))
    #expect(client.ask(.meter, ask, unit: 52) == [0x84, 0x0B])
    #expect(client.ask(.inverter, [3] + BenchClient.bytes(40_000) + [0, 2], unit: 2) == [0x83, 0x0B])
  }

  @Test func theInverterTellsTheTruthInItsUnits() throws {
    var world = Worlds.steady(load: 1500, pv: 6000, soc: 40)
    world.run(seconds: 20)
    var client = BenchClient(world)
    let truth = world.truth
    let inverter = client.registers(.inverter, try model(103), 52)
    #expect(inverter[14].signed == Int(truth.inverter.total.rounded()) && inverter[15] == 0)
    #expect(inverter[17].signed == -2 && abs(Int(inverter[16]) - 5000) < 10)
    #expect(inverter[28].signed == -32768 && inverter[27] == 0xFFFF)
    #expect(inverter[38] == 4)
    let energy = UInt32(inverter[24]) << 16 | UInt32(inverter[25])
    #expect(energy > 1_000_000)

    let modules = client.registers(.inverter, try model(160), 90)
    #expect(modules[8] == 4)
    let powers = (0..<4).map { Int(modules[10 + 20 * $0 + 11]) }
    #expect(abs(powers[0] + powers[1] - Int(truth.pv)) <= 2)
    #expect(abs(powers[2] - Int(-truth.battery)) <= 1 && powers[3] == 0)

    let storage = client.registers(.inverter, try model(124), 26)
    #expect(storage[2] == 6000 && storage[11] == 4)
    #expect(abs(Double(storage[8]) / 100 - truth.batteryCondition.soc) < 0.01)
    #expect(storage[12] == 10_000 && storage[13] == 10_000 && storage[25].signed == -2)

    let battery = client.registers(.inverter, try model(802), 64)
    #expect(battery[47].signed == Int(truth.battery.rounded()) && battery[47].signed < -3000)
    #expect(battery[3] == 10_200 && battery[56].signed == -2)
    #expect(abs(Double(battery[11]) / 100 - truth.batteryCondition.soc) < 0.01)
    #expect((350...450).contains(Double(battery[34]) / 10))
    #expect((3000...3700).contains(Int(battery[37])) && battery[37] >= battery[40])

    let common = client.registers(.inverter, 40_052, 16)
    #expect(common.prefix(4) == [0x3334, 0x3131, 0x3930, 0x3837] && common[4] == 0)
    let nameplate = client.registers(.inverter, try model(120), 28)
    #expect(nameplate[2] == 82 && nameplate[3] == 10_000 && nameplate[25] == 6000)
    let trackers = client.registers(.inverter, try model(160), 90)
    // Tmp of the third module, which charges the battery: its temperature; strings have no sensor.
    #expect(trackers[66].signed == Int(truth.batteryCondition.temperature.rounded()))
    #expect(trackers[26] == 0x8000)
  }

  @Test func theMeterTellsTheGrid() {
    var world = Worlds.steady(load: 9000, pv: 0, soc: 5)
    world.run(seconds: 20)
    var client = BenchClient(world)
    #expect(abs(client.float(52) - Float(world.truth.grid.total)) < 0.5)
    #expect(client.float(52) > 8000)
    #expect((215...245).contains(client.float(2)))
    #expect((49.5...50.5).contains(client.float(70)))
    #expect(abs(client.float(12) + client.float(14) + client.float(16) - client.float(52)) < 0.1)
    #expect(client.float(8) > 10)
    let before = client.float(72)
    client.run(seconds: 60)
    #expect(abs(Double(client.float(72) - before) - 0.15) < 0.01)
    #expect(abs(client.float(342) - client.float(72) - client.float(74)) < 0.01)
    #expect(client.ask(.meter, [4, 0, 0, 0, 82]) == [0x84, 3])
    #expect(client.ask(.meter, [4, 0, 1, 0, 2]) == [0x84, 2])
    #expect(client.ask(.meter, [3, 0, 0, 0, 2]) == [0x83, 1])
  }

  @Test func theMeterMeasuresOnceASecond() {
    var client = BenchClient(SiteWorld(seed: 1, start: Worlds.midsummer + .seconds(40_000)))
    client.run(seconds: 5)
    var changes = 0
    var before = client.float(52)
    for _ in 0..<100 {
      client.bench.step(by: .milliseconds(100))
      let now = client.float(52)
      if now != before { changes += 1 }
      before = now
    }
    #expect((9...10).contains(changes))
  }

  @Test func writesAreHonouredAndReadBack() throws {
    var client = BenchClient(Worlds.steady(load: 5000, pv: 0))
    let storage = try model(124)
    // OutWRte 20 %, InWRte 100 %, no window, back after 30 s, no ramp; then the switch.
    #expect(client.write([2000, 10_000, 0, 30, 0], at: storage + 12) == nil)
    #expect(client.write([3], at: storage + 5) == nil)
    #expect(client.registers(.inverter, storage + 12, 4) == [2000, 10_000, 0, 30])
    client.run(seconds: 20)
    #expect(abs(client.bench.world.truth.battery - 1200) < 2)
    // Writing the same again begins the timer anew.
    #expect(client.write([2000], at: storage + 12) == nil)
    client.run(seconds: 20)
    #expect(client.registers(.inverter, storage + 5, 1) == [3])
    client.run(seconds: 11)
    #expect(client.registers(.inverter, storage + 5, 1) == [0])
    #expect(client.registers(.inverter, storage + 12, 2) == [10_000, 10_000])
    #expect(client.bench.world.truth.reversions == 1 && client.bench.world.truth.writes == 3)

    let controls = try model(123)
    #expect(client.write([3000, 0, 5, 0, 1], at: controls + 5) == nil)
    client.run(seconds: 4)
    #expect(abs(client.bench.world.truth.inverter.total - 3000) < 30)
    client.run(seconds: 2)
    #expect(client.registers(.inverter, controls + 9, 1) == [0])
    #expect(client.write([UInt16(bitPattern: -5000)], at: storage + 12) == nil)
  }

  @Test func badWritesAreRefusedAsAWhole() throws {
    var client = BenchClient(Worlds.steady(load: 500, pv: 0))
    let (controls, storage) = (try model(123), try model(124))
    #expect(client.write([10_001], at: storage + 12) == 3)
    #expect(client.write([4], at: storage + 5) == 3)
    #expect(client.write([10_001], at: controls + 5) == 3)
    #expect(client.write([2], at: controls + 9) == 3)
    #expect(client.write([5000, 10_000, 1], at: storage + 12) == 3)
    #expect(client.write([5000], at: storage + 8) == 2)
    #expect(client.write([1], at: try model(802) + 50) == 2)
    #expect(client.write([1], at: try model(103) + 14) == 2)
    #expect(client.write([1], at: 39_000) == 2)
    #expect(client.write([1], at: 60_000) == 2)
    #expect(client.registers(.inverter, storage + 12, 2) == [10_000, 10_000])
    #expect(client.bench.world.settings == InverterSettings(maximumPower: 10_000))
    #expect(client.bench.world.truth.writes == 0)
    #expect(client.ask(.inverter, [3, 0x9C, 0x40, 0, 2], unit: 7) == [0x83, 11])
  }

  @Test func theRelayLatches() {
    var client = BenchClient(Worlds.steady(load: 500, pv: 0))
    #expect(client.ask(.relay, [1, 0, 0, 0, 8]) == [1, 1, 1])
    #expect(client.ask(.relay, [5, 0, 0, 0, 0]) == [5, 0, 0, 0, 0])
    client.run(seconds: 30)
    #expect(client.ask(.relay, [1, 0, 0, 0, 8]) == [1, 1, 0])
    #expect(client.ask(.relay, [15, 0, 0, 0, 8, 1, 0b1000_0001]) == [15, 0, 0, 0, 8])
    #expect(client.ask(.relay, [1, 0, 7, 0, 1]) == [1, 1, 1])
    #expect(client.bench.world.relays[0])
    #expect(client.ask(.relay, [5, 0, 8, 0xFF, 0]) == [0x85, 2])
    #expect(client.ask(.relay, [3, 0, 0, 0, 1]) == [0x83, 1])
  }

  @Test func theTruthIsOneLineOfNamedNumbers() {
    let client = BenchClient(Worlds.steady(load: 500, pv: 0))
    let line = client.bench.truthLine(at: Timestamp(milliseconds: 1234))
    #expect(line.hasPrefix(#"{"t":1234,"grid_w":"#) && line.hasSuffix(#""writes":0}"#))
    for name in ["soc_percent", "import_wh", "inverter_wh", "storage_control", "relay_on", "production_limit_percent"] {
      #expect(line.contains("\"\(name)\":"))
    }
    #expect(!line.contains("\n"))
  }
}
