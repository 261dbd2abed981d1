import DeviceProfile
import EnergyModel
import ModbusDevices
import TestKit
import Testing

/// Devices that are particular about connections and about what is read how often.
@Suite(.serialized) struct ConnectionRulesTests {
  private func with(
    _ profile: DeviceProfile, period: Duration = .milliseconds(20), _ server: FaultyServer,
    _ body: (Recorder) async throws -> Void
  ) async throws {
    TestDevices.serveMeter(server)
    let recorder = Recorder()
    let bus = TestDevices.bus(server.port, [TestDevices.device("meter", profile, period: period)], recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      server.stop()
    }
    try await body(recorder)
  }

  @Test func theFirstRequestWaitsForTheDevice() async throws {
    var profile = TestDevices.meter
    profile.connection.connectDelay = .milliseconds(400)
    let server = try FaultyServer()
    let start = SystemTime().now().monotonic
    try await with(profile, server) { recorder in
      try await eventually("a value") { recorder.hasGood("meter", .power, 1500) }
      let sample = try #require(recorder.samples(of: "meter").first)
      #expect(sample.measured.monotonic - start >= .milliseconds(400))
      #expect(server.connections == 1)
    }
  }

  @Test func aConnectionThatTheDeviceIsAboutToCloseIsMadeAnew() async throws {
    var profile = TestDevices.meter
    profile.connection.maximumClients = 1
    profile.connection.idleClose = .milliseconds(200)
    let server = try FaultyServer()
    try await with(profile, period: .milliseconds(300), server) { recorder in
      try await eventually("values") { recorder.samples(of: "meter").count >= 4 }
      #expect(recorder.samples(of: "meter").allSatisfy { $0[.power]?.quality == .good })
      #expect(server.connections >= 3)
      // One at a time, always.
      #expect(server.mostOpen == 1)
    }
  }

  @Test func slowPointsAreReadSeldomAndNeverRepeatedFromMemory() async throws {
    var profile = TestDevices.meter
    profile.points[1].every = .milliseconds(400)
    let server = try FaultyServer()
    try await with(profile, server) { recorder in
      try await eventually("values") { recorder.samples(of: "meter").count >= 60 }
      let samples = recorder.samples(of: "meter")
      #expect(samples.allSatisfy { $0[.power]?.value == 1500 })
      let slow = samples.filter { $0[.frequency] != nil }
      #expect(slow.first?.measured == samples.first?.measured)
      #expect((2...10).contains(slow.count), "\(slow.count) of \(samples.count)")
      for (earlier, later) in zip(slow, slow.dropFirst()) {
        #expect(later.measured.monotonic - earlier.measured.monotonic >= .milliseconds(380))
      }
    }
  }

  @Test func aRegisterThatAFirmwareLacksDoesNotCostItsNeighbours() async throws {
    var profile = TestDevices.meter
    profile.points = (0..<8).map { PointDefinition(Point.allCases[$0], [.init(TestDevices.field($0))]) }
    let server = try FaultyServer()
    for address in 0..<8 where address != 5 { server.set([UInt16(200 + address)], at: address) }
    try await with(profile, server) { recorder in
      server.set([200], at: 0)
      try await eventually("all but one") {
        recorder.samples(of: "meter").last?.readings.count { $0.quality == .good } == 7
      }
      try await eventually("the missing one") {
        recorder.samples(of: "meter").last?[Point.allCases[5]]?.quality == .notImplemented
      }
      #expect(recorder.events.map(\.name) == ["device-exception"])
    }
  }

  /// What libmodbus does not look at.
  @Test(arguments: [ModbusPeer.Behaviour.wrongUnit, .badChecksum, .wrongTransaction, .wrongFunction])
  func anAnswerUnderAnotherHeadIsNoAnswer(behaviour: ModbusPeer.Behaviour) async throws {
    let peer = try ModbusPeer(value: { _, _ in 7 }, decide: { $0.unit == 1 ? behaviour : .answer })
    let recorder = Recorder()
    let devices = [TestDevices.device("odd", unit: 1), TestDevices.device("good", unit: 2)]
    let bus = TestDevices.bus(peer.port, devices, recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      peer.stop()
    }
    try await eventually("values") {
      recorder.samples(of: "good").count { $0[.power]?.value == 7 } >= 5 && !recorder.samples(of: "odd").isEmpty
    }
    #expect(recorder.samples(of: "odd").allSatisfy { $0[.power]?.quality == .timeout })
  }

  /// Devices that are asked as 255 answer under any unit.
  @Test func unit255IsAnsweredAsTheDeviceLikes() async throws {
    let peer = try ModbusPeer(value: { _, _ in 7 }, decide: { _ in .wrongUnit })
    let recorder = Recorder()
    let bus = TestDevices.bus(peer.port, [TestDevices.device("only", unit: 255)], recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      peer.stop()
    }
    try await eventually("a value") { recorder.hasGood("only", .power, 7) }
  }
}
