import EnergyModel
import SiteSimulator
import Testing

/// The wall box as a client of its registers sees it.
@Suite struct WallBoxTests {
  private func client(_ script: LoadScript? = nil) -> BenchClient {
    var parameters = WorldParameters()
    parameters.wallBox = WallBoxParameters()
    var overrides = Overrides()
    overrides.load = 500
    overrides.pv = 0
    overrides.car = .here
    let world = SiteWorld(parameters: parameters, seed: 7, start: Worlds.midsummer, overrides: overrides)
    var client = BenchClient(world)
    client.bench = SiteBench(world: world, identity: InverterIdentity(serial: "1"), script: script)
    return client
  }

  private func value(_ client: inout BenchClient, _ address: Int) -> Int? {
    let reply = client.ask(.wallBox, [3] + BenchClient.bytes(address) + [0, 2], unit: 255)
    guard reply.count == 6, reply[0] == 3 else { return nil }
    return reply[2...].reduce(0) { $0 << 8 | Int($1) }
  }

  /// Nil where the write was carried out, or the exception.
  private func write(_ client: inout BenchClient, _ value: Int, at address: Int) -> UInt8? {
    let reply = client.ask(.wallBox, [6] + BenchClient.bytes(address) + BenchClient.bytes(value), unit: 255)
    return reply[0] == 6 ? nil : reply[1]
  }

  @Test func tellsWhatTheCarDoes() {
    var client = client()
    client.run(seconds: 20)
    #expect(value(&client, 1000) == 3)
    #expect(value(&client, 1004) == 7)
    #expect(value(&client, 1014) == 18_416_854)
    #expect(value(&client, 1100) == 16_000)
    #expect(abs((value(&client, 1008) ?? 0) - 16_000) < 50)
    #expect(abs((value(&client, 1020) ?? 0) - 11_040_000) < 40_000)
    #expect((value(&client, 1036) ?? 0) > 400, "tenths of a watt-hour")
  }

  @Test func answersOneValueARequestAtItsUnit() {
    var client = client()
    #expect(client.ask(.wallBox, [3] + BenchClient.bytes(1008) + [0, 4], unit: 255) == [0x83, 3])
    #expect(client.ask(.wallBox, [3] + BenchClient.bytes(1001) + [0, 2], unit: 255) == [0x83, 2])
    #expect(client.ask(.wallBox, [3] + BenchClient.bytes(1008) + [0, 2], unit: 1) == [0x83, 11])
    #expect(client.ask(.wallBox, [16] + BenchClient.bytes(5004) + [0, 1, 2, 0x1F, 0x40], unit: 255) == [0x90, 1])
  }

  @Test func takesAWriteEachFiveSecondsAndNothingBelowSixAmperes() {
    var client = client()
    #expect(write(&client, 8000, at: 5004) == nil)
    #expect(write(&client, 9000, at: 5004) == 6)
    client.run(seconds: 5)
    #expect(write(&client, 5000, at: 5004) == 3)
    #expect(write(&client, 9000, at: 5004) == nil)
    client.run(seconds: 20)
    #expect(abs(client.bench.world.truth.car.current - 9) < 0.05)
    #expect(write(&client, 0, at: 5014) == nil)
    client.run(seconds: 1)
    #expect(client.bench.world.truth.car.current == 0)
    #expect(value(&client, 1000) == 5)
    #expect(client.bench.world.truth.car.writes == 3)
  }

  /// 0:00 failsafe 6 A after 10 s, 13 A asked for
  /// 0:20 nobody has written for 10 s: 6 A
  /// 0:25 a write brings the current back
  @Test func fallsBackWhenNobodyWrites() {
    var client = client()
    #expect(write(&client, 6000, at: 5016) == nil)
    client.run(seconds: 5)
    #expect(write(&client, 10, at: 5018) == nil)
    client.run(seconds: 5)
    #expect(write(&client, 13_000, at: 5004) == nil)
    client.run(seconds: 9)
    #expect(abs(client.bench.world.truth.car.current - 13) < 0.3)
    client.run(seconds: 12)
    #expect(client.bench.world.truth.car.reversions == 1)
    #expect(abs(client.bench.world.truth.car.current - 6) < 0.1)
    #expect(value(&client, 1100) == 6000)
    #expect(write(&client, 13_000, at: 5004) == nil)
    client.run(seconds: 8)
    #expect(abs(client.bench.world.truth.car.current - 13) < 0.3)
    #expect(client.bench.world.truth.car.reversions == 1)
  }

  @Test func theScriptOpensTheContactAndSendsTheCarAway() throws {
    let script = try LoadScript("0 - -\n5 700 - contact=open\n10 - 100 car=gone pump=always")
    var client = client(script)
    let inputs: [UInt8] = [2] + BenchClient.bytes(0) + [0, 2]
    client.run(seconds: 2)
    #expect(client.ask(.relay, inputs) == [2, 1, 1])
    client.run(seconds: 5)
    #expect(client.ask(.relay, inputs) == [2, 1, 0])
    #expect(client.bench.world.truth.household.total == 700)
    client.run(seconds: 5)
    #expect(client.ask(.relay, inputs) == [2, 1, 1], "each line says all that it forces")
    #expect(!client.bench.world.truth.car.isHere)
    for text in ["0 - - contact=ajar", "0 - - car", "0 - - boiler=always"] {
      #expect(throws: LoadScript.Malformed.self) { try LoadScript(text) }
    }
  }
}
