import DeviceProfile
import EnergyModel
import ModbusDevices
import TestKit
import Testing

/// A device that wants time between two writes: polls go on meanwhile, and of what waits the newest counts.
@Suite(.serialized) struct WritePauseTests {
  private static let pause = Duration.milliseconds(600)

  /// A setting in holding 70, a timer in 71, the current in 40, all by function code 6.
  private static let box: DeviceProfile = {
    var rules = TestDevices.rules
    rules.writePause = pause
    func single(_ address: Int, _ value: WriteValue) -> RegisterWrite {
      RegisterWrite(start: .absolute(.holding, address), values: [value], function: .single)
    }
    var setting = single(70, .constant(6000))
    setting.isKept = true
    var timer = single(71, .reversionTime)
    timer.every = .seconds(30)
    let current = single(40, .parameter(.chargingCurrent, field: TestDevices.field(40), percentOf: nil))
    return DeviceProfile(
      name: "box", title: "Box", source: "none", confidence: .single, reading: rules,
      points: [PointDefinition(.power, [.init(TestDevices.field(0))])],
      commands: [
        CommandDefinition(
          name: "current", parameters: [.chargingCurrent], onExpiry: .safe, reversion: .seconds(60),
          writes: [setting, timer, current])
      ])
  }()

  private func with(
    setting: UInt16, _ profile: DeviceProfile = box, _ body: (FaultyServer, Recorder, ModbusBus) async throws -> Void
  ) async throws {
    let server = try FaultyServer()
    server.set([0], at: 0)
    server.set([0], at: 40)
    server.set([setting, 0], at: 70)
    let recorder = Recorder()
    let bus = TestDevices.bus(server.port, [TestDevices.device("box", profile)], recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      server.stop()
    }
    try await body(server, recorder, bus)
  }

  private func writes(_ server: FaultyServer) -> [Int] { server.requests.filter { $0.function == 6 }.map(\.address) }

  private func current(_ id: UInt64, _ value: Double) -> SetpointCommand {
    TestDevices.command(id, .chargingCurrent, value, device: "box")
  }

  /// 0.0 s  the setting is found to differ and written
  /// 0.6 s  the timer
  /// 1.2 s  the current: confirmed
  ///        the next command finds setting and timer done and writes the current alone
  @Test func eachWriteHasItsPauseAndWhatHoldsIsNotWrittenAgain() async throws {
    try await with(setting: 0) { server, recorder, bus in
      let start = SystemTime().now().monotonic
      bus.submit(current(1, 10))
      try await eventually("a report") { recorder.outcome(of: 1) != nil }
      #expect(recorder.outcome(of: 1) == .confirmed)
      #expect(writes(server) == [70, 71, 40])
      #expect(SystemTime().now().monotonic - start >= Self.pause * 2)
      #expect(recorder.samples(of: "box").count > 10, "polls go on while a write waits")

      bus.submit(current(2, 12))
      try await eventually("a report") { recorder.outcome(of: 2) != nil }
      #expect(recorder.outcome(of: 2) == .confirmed)
      #expect(writes(server) == [70, 71, 40, 40])
      #expect(server.value(40) == 12)
    }
  }

  @Test func ofWhatWaitsTheNewestCountsAndEachHasItsReport() async throws {
    try await with(setting: 6000) { server, recorder, bus in
      bus.submit(current(1, 10))
      try await eventually("the timer is written, the current waits") { writes(server) == [71] }
      bus.submit(current(2, 11))
      bus.submit(current(3, 8))
      // The same once more, as a lease does that waits for its report.
      bus.submit(current(4, 8))
      try await eventually("reports") { (1...4).allSatisfy { recorder.outcome(of: $0) != nil } }
      #expect(recorder.outcome(of: 1) == .failed("a newer command took its place"))
      #expect(recorder.outcome(of: 2) == .failed("a newer command took its place"))
      #expect(recorder.outcome(of: 3) == .confirmed)
      #expect(recorder.outcome(of: 4) == .confirmed)
      #expect(writes(server) == [71, 40])
      #expect(server.value(40) == 8)
      #expect(recorder.reports.count == 4)
    }
  }

  /// The last write of a command that nothing exempts, after the one that changes each time.
  @Test func aStreamOfNewCommandsDoesNotPutOffTheLastWriteForEver() async throws {
    var profile = Self.box
    profile.commands[0].writes.append(
      RegisterWrite(
        start: .absolute(.holding, 72), values: [.constant(1)], function: .single, readBack: .nowhere,
        unless: .init(TestDevices.field(72), raw: [1])))
    try await with(setting: 6000, profile) { server, recorder, bus in
      server.set([0], at: 72)
      for id in 1...24 where server.value(72) == 0 {
        bus.submit(current(UInt64(id), 6 + Double(id)))
        // The stream itself: more often than the box may be written, so that each command replaces the one that waits.
        try await Task.sleep(for: .milliseconds(150))
      }
      try await eventually(within: 2, "the last write comes") { server.value(72) == 1 }
      #expect(writes(server).prefix(3) == [71, 40, 72])
    }
  }

  @Test func aStoppingBusStillWritesWhatWaited() async throws {
    try await with(setting: 6000) { server, recorder, bus in
      bus.submit(current(1, 6))
      try await eventually("the current waits") { writes(server) == [71] }
      bus.stop()
      try await eventually("a report") { recorder.outcome(of: 1) != nil }
      #expect(recorder.outcome(of: 1) == .confirmed)
      #expect(server.value(40) == 6)
    }
  }

  @Test func aSettingThatNothingNeedsIsLeftOut() async throws {
    try await with(setting: 6000) { server, recorder, bus in
      server.set([3], at: 40)
      bus.submit(current(1, 3))
      try await eventually("a report") { recorder.outcome(of: 1) != nil }
      #expect(!writes(server).contains(70))
    }
  }

  /// The box that a timer is kept going by loses it: whoever relies on it gets nothing.
  @Test func aTimerThatDidNotArriveIsNotTakenForDone() async throws {
    try await with(setting: 6000) { server, recorder, bus in
      server.fail(.ignoreWrites, at: 71)
      for id in UInt64(1)...2 {
        bus.submit(current(id, 10))
        try await eventually("a report") { recorder.outcome(of: id) != nil }
        #expect(recorder.outcome(of: id) == .notTaken("holding 71 reads back 0 instead of 60"))
      }
      #expect(server.value(40) == 0)
    }
  }

  /// 0.0 s  the timer is written, the current waits; another device takes the address
  /// 0.6 s  the current is due
  @Test func whatWaitedIsNotWrittenToAnotherDevice() async throws {
    let server = try FaultyServer()
    server.set([0], at: 0)
    server.set([0], at: 40)
    server.set([0x4131, 0], at: 60)
    server.set([6000, 0], at: 70)
    var profile = Self.box
    profile.serial = TextField(address: .absolute(.holding, 60), length: 2)
    let recorder = Recorder()
    let bus = TestDevices.bus(server.port, [TestDevices.device("box", profile, serial: "A1")], recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      server.stop()
    }
    bus.submit(current(1, 10))
    try await eventually("the current waits") { writes(server) == [71] }
    server.set([0x4232, 0], at: 60)
    server.hangUp()
    try await eventually("a report") { recorder.outcome(of: 1) != nil }
    #expect(recorder.outcome(of: 1) == .refused("the device reports serial number B2 where A1 is configured"))
    #expect(server.value(40) == 0)
  }

  /// 0.0 s  the switch is written, the limit waits; new firmware puts every model one register further
  /// 0.6 s  the limit is due
  @Test func whatWaitedIsNotWrittenWhereTheModelWas() async throws {
    let server = try FaultyServer()
    TestDevices.serveInverter(server, common: 65)
    var profile = TestDevices.inverter
    profile.reading.writePause = Self.pause
    profile.commands[0].writes.insert(
      RegisterWrite(start: .sunSpec(model: 123, offset: 9), values: [.constant(1)]), at: 0)
    let recorder = Recorder()
    // No poll comes between that would find it.
    let bus = TestDevices.bus(server.port, [TestDevices.device("box", profile, period: .seconds(10))], recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      server.stop()
    }
    // 40000 marker, 40002 common model, 40069 model 103, 40121 model 120, 40149 model 123.
    bus.submit(TestDevices.command(1, .productionLimit, 6000, device: "box"))
    try await eventually("the limit waits") { server.value(40158) == 1 }
    TestDevices.serveInverter(server, common: 66)
    server.hangUp()
    try await eventually("a report") { recorder.outcome(of: 1) != nil }
    #expect(recorder.outcome(of: 1) == .failed("its registers moved before it was written"))
    #expect(server.value(40154) == 0 && server.value(40155) == 10000)
  }
}
