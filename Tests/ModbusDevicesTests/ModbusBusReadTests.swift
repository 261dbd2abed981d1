import DeviceProfile
import EnergyModel
import Glibc
import ModbusDevices
import TestKit
import Testing

/// Reading from a server with faults, over real sockets.
@Suite(.serialized) struct ModbusBusReadTests {
  private func with(
    _ devices: [BusDevice], host: String = "127.0.0.1", _ server: FaultyServer,
    _ body: (Recorder, ModbusBus) async throws -> Void
  ) async throws {
    let recorder = Recorder()
    let bus = TestDevices.bus(server.port, devices, recorder, host: host)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      server.stop()
    }
    try await body(recorder, bus)
  }

  @Test("polls give readings, under a host name as well", arguments: ["127.0.0.1", "localhost"])
  func polls(host: String) async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    try await with([TestDevices.device()], host: host, server) { recorder, _ in
      try await eventually("three samples") { recorder.samples(of: "meter").count >= 3 }
      let sample = try #require(recorder.samples(of: "meter").first)
      #expect(sample.readings == [Reading(.power, 1500), Reading(.frequency, 50)])
      #expect(recorder.events.isEmpty)
      #expect(server.connections == 1)
    }
  }

  @Test("SunSpec models are found and read; when they move, they are found again")
  func sunSpec() async throws {
    let server = try FaultyServer()
    TestDevices.serveInverter(server, common: 66)
    try await with([TestDevices.device("inverter", TestDevices.inverter)], server) { recorder, _ in
      try await eventually("a value") { recorder.hasGood("inverter", .power, 234.5) }
      TestDevices.serveInverter(server, common: 65, power: 7777)
      server.hangUp()
      try await eventually("the value at its new place") { recorder.hasGood("inverter", .power, 777.7) }
      #expect(recorder.samples(of: "inverter").allSatisfy { [234.5, 777.7, nil].contains($0[.power]?.value) })
    }
  }

  @Test("when SunSpec models move while the connection stands, no value is taken from their old place")
  func movedWithoutReconnect() async throws {
    let server = try FaultyServer()
    TestDevices.serveInverter(server, common: 66)
    try await with([TestDevices.device("inverter", TestDevices.inverter)], server) { recorder, _ in
      try await eventually("a value") { recorder.hasGood("inverter", .power, 234.5) }
      // Its old place keeps something that could be a power.
      TestDevices.serveInverter(server, common: 65, power: 7777)
      try await eventually("the value at its new place") { recorder.hasGood("inverter", .power, 777.7) }
      #expect(server.connections == 1)
      #expect(recorder.samples(of: "inverter").allSatisfy { [234.5, 777.7, nil].contains($0[.power]?.value) })
    }
  }

  @Test("a refused block marks its points, the others stay good, the connection stays")
  func exception() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.fail(.exception(2), at: 20)
    try await with([TestDevices.device()], server) { recorder, _ in
      try await eventually("samples") { recorder.samples(of: "meter").count >= 6 }
      for (index, sample) in recorder.samples(of: "meter").enumerated() {
        // Three times is no accident: the register is not there, and is left alone.
        let quality = index < 3 ? Quality.exception : .notImplemented
        #expect(sample.readings == [Reading(.power, 1500), Reading(.frequency, quality: quality)])
      }
      #expect(server.requests.count { $0.address == 20 } == 3)
      #expect(recorder.events.map(\.name) == ["device-exception"])
      #expect(server.connections == 1)
    }
  }

  @Test("a swallowed block marks its points and is left alone for a while", arguments: [0, 20])
  func swallowedBlock(address: Int) async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.fail(.swallow, at: address)
    let good: Point = address == 0 ? .frequency : .power
    let bad: Point = address == 0 ? .power : .frequency
    try await with([TestDevices.device()], server) { recorder, _ in
      try await eventually("good values beside the bad") {
        recorder.samples(of: "meter").filter { $0[good]?.quality == .good && $0[bad]?.quality == .timeout }.count >= 10
      }
      // Far fewer requests than polls go to the block that swallows them.
      let swallowed = server.requests.filter { $0.address == address }.count
      #expect(swallowed < 5)
    }
  }

  @Test(
    "after a late, wrong or broken answer the connection is made anew and values are right",
    arguments: [FaultyServer.Fault.delay(milliseconds: 600), .wrongTransaction, .disconnectMidFrame])
  func poisoned(fault: FaultyServer.Fault) async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    try await with([TestDevices.device()], server) { recorder, _ in
      try await eventually("a value") { recorder.hasGood("meter", .power, 1500) }
      server.fail(fault)
      try await eventually("silence") { recorder.samples(of: "meter").last?[.power]?.quality == .timeout }
      server.fail(nil)
      server.set([1501], at: 0)
      try await eventually("the new value") { recorder.hasGood("meter", .power, 1501) }
      #expect(server.connections >= 2)
      #expect(
        recorder.samples(of: "meter").allSatisfy { [1500, 1501, nil].contains($0[.power]?.value) })
      #expect(recorder.events.map(\.name) == ["device-lost", "device-back"])
    }
  }

  @Test("a peer that hangs up between polls costs no value")
  func hangUp() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    try await with([TestDevices.device()], server) { recorder, _ in
      for round in 1...3 {
        try await eventually("connection \(round)") { server.connections == round }
        let count = recorder.samples(of: "meter").count
        try await eventually("more samples") { recorder.samples(of: "meter").count > count }
        server.hangUp()
      }
      try await eventually("the last connection") { server.connections == 4 }
      #expect(recorder.samples(of: "meter").allSatisfy { $0[.power]?.quality == .good })
      #expect(recorder.events.isEmpty)
    }
  }

  @Test("the server may come later, go, and come back")
  func serverLifeCycle() async throws {
    let port = Loopback.freePort()
    let recorder = Recorder()
    let bus = TestDevices.bus(
      port, [TestDevices.device("inverter", TestDevices.inverter)], recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
    }
    try await eventually("marked points") { recorder.samples(of: "inverter").last?[.power]?.quality == .timeout }
    let first = try FaultyServer(port: port)
    TestDevices.serveInverter(first)
    try await eventually("a value") { recorder.hasGood("inverter", .power, 234.5) }
    first.stop()
    try await eventually("marked points") { recorder.samples(of: "inverter").last?[.power]?.quality == .timeout }
    let second = try FaultyServer(port: port)
    defer { second.stop() }
    TestDevices.serveInverter(second, power: 99)
    try await eventually("a new value") { recorder.hasGood("inverter", .power, 9.9) }
    #expect(recorder.events.map(\.name) == ["device-lost", "device-back", "device-lost", "device-back"])
  }

  @Test("a dead unit costs the other on its bus one timeout a probe")
  func deadUnit() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server, unit: 1)
    TestDevices.serveMeter(server, unit: 2)
    server.fail(.swallow, unit: 2)
    let devices = [
      TestDevices.device("alive", unit: 1),
      TestDevices.device("dead", TestDevices.patientMeter(.milliseconds(400)), unit: 2),
    ]
    try await with(devices, server) { recorder, _ in
      try await eventually("many samples") { recorder.samples(of: "alive").count >= 60 }
      let alive = recorder.samples(of: "alive")
      #expect(alive.allSatisfy { $0[.power]?.quality == .good })
      let gaps = zip(alive, alive.dropFirst()).map { $1.measured.monotonic - $0.measured.monotonic }
      // One timeout of 400 ms, and room for a busy machine.
      #expect(try #require(gaps.max()) < .milliseconds(780))
      let dead = recorder.samples(of: "dead")
      #expect(dead.allSatisfy { $0.readings.count == 2 && $0.readings.allSatisfy { $0.quality == .timeout } })
      #expect(server.requests.filter { $0.unit == 2 }.count <= 3)
      #expect(recorder.events(named: "device-lost").map(\.device) == ["dead"])
    }
  }

  @Test("a gateway that says the unit is missing keeps the connection")
  func gatewayException() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server, unit: 1)
    server.fail(.exception(11), unit: 2)
    let devices = [TestDevices.device("alive", unit: 1), TestDevices.device("dead", unit: 2)]
    try await with(devices, server) { recorder, _ in
      try await eventually("samples") { recorder.samples(of: "alive").count >= 5 }
      #expect(recorder.samples(of: "dead").first?[.power]?.quality == .timeout)
      #expect(recorder.events(named: "device-lost").count == 1)
      #expect(server.connections == 1)
    }
  }

  @Test("a bus that hangs delays no other")
  func otherBus() async throws {
    let hanging = try FaultyServer()
    let healthy = try FaultyServer()
    TestDevices.serveMeter(hanging)
    TestDevices.serveMeter(healthy)
    hanging.fail(.swallow)
    let recorder = Recorder()
    let patient = TestDevices.patientMeter(.milliseconds(800))
    let other = TestDevices.bus(hanging.port, [TestDevices.device("hanging", patient)], recorder)
    other.start()
    defer {
      other.stop()
      other.join()
      hanging.stop()
    }
    try await with([TestDevices.device()], healthy) { recorder, _ in
      try await eventually("many samples") { recorder.samples(of: "meter").count >= 40 }
      let samples = recorder.samples(of: "meter")
      let gaps = zip(samples, samples.dropFirst()).map { $1.measured.monotonic - $0.measured.monotonic }
      #expect(try #require(gaps.max()) < .milliseconds(700))
    }
  }

  @Test("a peer that accepts no connection costs one timeout, not the system's two minutes")
  func connectTimeout() async throws {
    let blackHole = BlackHole()
    defer { blackHole.close() }
    let recorder = Recorder()
    let bus = TestDevices.bus(blackHole.port, [TestDevices.device()], recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
    }
    try await eventually(within: 3, "marked points") { !recorder.samples(of: "meter").isEmpty }
    #expect(recorder.samples(of: "meter")[0].readings.allSatisfy { $0.quality == .timeout })
    #expect(recorder.events(named: "device-lost").count == 1)
  }

  @Test("no value is older than its sample says, however late the answer is")
  func measuredWhenItWasAskedFor() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.fail(.delay(milliseconds: 300))
    let patient = TestDevices.patientMeter(.milliseconds(800))
    try await with([TestDevices.device("meter", patient)], server) { recorder, _ in
      try await eventually("a sample") { !recorder.samples(of: "meter").isEmpty }
      let sample = try #require(recorder.samples(of: "meter").first)
      #expect(SystemTime().now().monotonic - sample.measured.monotonic >= .milliseconds(290))
    }
  }

  @Test("a pause between requests is kept")
  func pause() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    var profile = TestDevices.meter
    profile.reading.pause = .milliseconds(50)
    try await with([TestDevices.device("meter", profile, period: .zero)], server) { recorder, _ in
      try await eventually("samples") { recorder.samples(of: "meter").count >= 4 }
      let samples = recorder.samples(of: "meter")
      for (earlier, later) in zip(samples, samples.dropFirst()) {
        #expect(later.measured.monotonic - earlier.measured.monotonic >= .milliseconds(100))
      }
    }
  }
}
