import DeviceProfile
import EnergyModel
import ModbusDevices
import TestKit
import Testing

/// Writing to a server with faults, over real sockets. Each command gets exactly one report.
@Suite(.serialized) struct ModbusBusWriteTests {
  private func with(
    _ devices: [BusDevice], _ server: FaultyServer, _ body: (Recorder, ModbusBus) async throws -> Void
  ) async throws {
    let recorder = Recorder()
    let bus = TestDevices.bus(server.port, devices, recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      server.stop()
    }
    try await body(recorder, bus)
  }

  private func outcome(
    _ recorder: Recorder, _ bus: ModbusBus, _ command: SetpointCommand
  ) async throws -> WriteReport.Outcome {
    bus.submit(command)
    try await eventually("a report") { recorder.outcome(of: command.id) != nil }
    #expect(recorder.reports.filter { $0.command.id == command.id }.count == 1)
    return try #require(recorder.outcome(of: command.id))
  }

  private func isRefused(_ outcome: WriteReport.Outcome, _ words: String) -> Bool {
    guard case .refused(let reason) = outcome else { return false }
    return reason.contains(words)
  }

  @Test("a command is written in one transfer, read back and confirmed")
  func confirmed() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    try await with([TestDevices.device(serial: "4117")], server) { recorder, bus in
      let limit = try await outcome(recorder, bus, TestDevices.command(1, .productionLimit, 3000))
      #expect(limit == .confirmed)
      #expect(server.value(40) == 3000)
      #expect(server.value(41) == 60)
      #expect(server.requests.filter { $0.function == 16 }.map(\.count) == [2])
      let relay = try await outcome(recorder, bus, TestDevices.command(2, .relayOn, 1))
      #expect(relay == .confirmed)
      #expect(server.value(0, .coil) == 1)
    }
  }

  @Test("a SunSpec setpoint is written with the scale the device has at that moment")
  func sunSpec() async throws {
    let server = try FaultyServer()
    TestDevices.serveInverter(server)
    // Model 123 begins after the marker, models 1 (66), 103 (50) and 120 (26).
    let start = 40002 + 68 + 52 + 28
    try await with([TestDevices.device("inverter", TestDevices.inverter)], server) { recorder, bus in
      let first = TestDevices.command(1, .productionLimit, 6000, device: "inverter")
      let firstOutcome = try await outcome(recorder, bus, first)
      #expect(firstOutcome == .confirmed)
      #expect(server.value(start + 5) == 6000)
      server.set([0], at: start + 23)
      let second = TestDevices.command(2, .productionLimit, 6000, device: "inverter")
      let secondOutcome = try await outcome(recorder, bus, second)
      #expect(secondOutcome == .confirmed)
      #expect(server.value(start + 5) == 60)
      server.set([0x8000], at: start + 23)
      let third = TestDevices.command(3, .productionLimit, 6000, device: "inverter")
      let thirdOutcome = try await outcome(recorder, bus, third)
      #expect(isRefused(thirdOutcome, "scale factor"))
    }
  }

  @Test("a device that acknowledges and does not carry out is found out")
  func notTaken() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.fail(.ignoreWrites, at: 40)
    try await with([TestDevices.device()], server) { recorder, bus in
      let outcome = try await outcome(recorder, bus, TestDevices.command(1, .productionLimit, 3000))
      #expect(outcome == .notTaken("holding 40 reads back 0 instead of 3000"))
    }
  }

  @Test("what must not be written is refused, and nothing is sent")
  func refused() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    let devices = [TestDevices.device(), TestDevices.device("read-only", mayWrite: false)]
    try await with(devices, server) { recorder, bus in
      let expired = TestDevices.command(1, .productionLimit, 1, expires: .milliseconds(-5))
      let expiredOutcome = try await outcome(recorder, bus, expired)
      #expect(isRefused(expiredOutcome, "expired"))
      let readOnly = TestDevices.command(2, .productionLimit, 1, device: "read-only")
      let readOnlyOutcome = try await outcome(recorder, bus, readOnly)
      #expect(isRefused(readOnlyOutcome, "only read"))
      let unknown = TestDevices.command(3, .productionLimit, 1, device: "nobody")
      let unknownOutcome = try await outcome(recorder, bus, unknown)
      #expect(isRefused(unknownOutcome, "no device"))
      let unsuited = TestDevices.command(4, .chargeLimit, 1)
      let unsuitedOutcome = try await outcome(recorder, bus, unsuited)
      #expect(isRefused(unsuitedOutcome, "no command"))
      let huge = TestDevices.command(5, .productionLimit, 70000)
      let hugeOutcome = try await outcome(recorder, bus, huge)
      #expect(isRefused(hugeOutcome, "does not fit"))
      #expect(server.requests.allSatisfy { $0.function == 3 })
    }
  }

  @Test("another serial number: an alarm once, reads go on, nothing is written")
  func wrongSerial() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    try await with([TestDevices.device(serial: "34119087")], server) { recorder, bus in
      let outcome = try await outcome(recorder, bus, TestDevices.command(1, .productionLimit, 3000))
      #expect(isRefused(outcome, "34119087"))
      server.hangUp()
      let count = recorder.samples(of: "meter").count
      try await eventually("more values") { recorder.samples(of: "meter").count > count + 3 }
      #expect(recorder.samples(of: "meter").last?[.power]?.quality == .good)
      let alarms = recorder.events(named: "wrong-serial")
      #expect(alarms.count == 1)
      #expect(alarms.first?.severity == .alarm)
      #expect(alarms.first?.data["configured"] == .text("34119087"))
      #expect(alarms.first?.data["reported"] == .text("4117"))
      #expect(server.requests.allSatisfy { $0.function == 3 })
    }
  }

  @Test("an unreadable serial number refuses writes and keeps the values", arguments: [true, false])
  func unreadableSerial(isSwallowed: Bool) async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.fail(isSwallowed ? .swallow : .exception(2), at: 60)
    try await with([TestDevices.device(serial: "4117")], server) { recorder, bus in
      try await eventually("the event") { recorder.events(named: "serial-unreadable").count == 1 }
      let outcome = try await outcome(recorder, bus, TestDevices.command(1, .productionLimit, 3000))
      #expect(isRefused(outcome, "serial number"))
      #expect(recorder.samples(of: "meter").allSatisfy { $0[.power]?.quality == .good })
      #expect(server.requests.allSatisfy { $0.function == 3 })
    }
  }

  @Test("a silent device fails a command quickly and delays nobody")
  func silentDevice() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server, unit: 1)
    TestDevices.serveMeter(server, unit: 2)
    server.fail(.swallow, unit: 2)
    let devices = [TestDevices.device("alive", unit: 1), TestDevices.device("dead", unit: 2)]
    try await with(devices, server) { recorder, bus in
      try await eventually("the loss") { recorder.events(named: "device-lost").count == 1 }
      for id in 1...10 as ClosedRange<UInt64> {
        bus.submit(TestDevices.command(id, .productionLimit, 1000, device: "dead"))
      }
      bus.submit(TestDevices.command(11, .productionLimit, 1000, device: "alive"))
      try await eventually("all reports") { recorder.reports.count == 11 }
      #expect(recorder.outcome(of: 11) == .confirmed)
      for id in 1...10 as ClosedRange<UInt64> {
        guard case .failed? = recorder.outcome(of: id) else {
          Issue.record("command \(id): \(String(describing: recorder.outcome(of: id)))")
          continue
        }
      }
      let span = try #require(recorder.reports.last).at.monotonic - recorder.reports[0].at.monotonic
      #expect(span < .seconds(1))
    }
  }

  @Test("a refusing device fails the command")
  func exception() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.fail(.exception(4), at: 40)
    try await with([TestDevices.device()], server) { recorder, bus in
      guard case .failed(let reason) = try await outcome(recorder, bus, TestDevices.command(1, .productionLimit, 1))
      else {
        Issue.record("not failed")
        return
      }
      #expect(reason.contains("exception 4"))
    }
  }

  @Test("commands overtake polls")
  func overtaking() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.fail(.delay(milliseconds: 200), at: 0)
    server.fail(.delay(milliseconds: 200), at: 20)
    let patient = TestDevices.patientMeter(.seconds(2))
    try await with([TestDevices.device("meter", patient, period: .zero)], server) { recorder, bus in
      try await eventually("the first request") { !server.requests.isEmpty }
      bus.submit(TestDevices.command(1, .relayOn, 1))
      try await eventually("the report") { recorder.outcome(of: 1) == .confirmed }
      let requests = server.requests
      let write = try #require(requests.firstIndex { $0.function == 5 })
      // The request that ran when the command came, and no whole poll after it.
      #expect(write <= 2)
    }
  }

  @Test("a clean stop still writes what was submitted, and refuses what comes later")
  func cleanStop() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    let recorder = Recorder()
    let bus = TestDevices.bus(server.port, [TestDevices.device()], recorder)
    bus.start()
    for id in 1...20 as ClosedRange<UInt64> { bus.submit(TestDevices.command(id, .productionLimit, Double(id))) }
    bus.stop()
    bus.submit(TestDevices.command(21, .productionLimit, 21))
    bus.join()
    server.stop()
    #expect(recorder.reports.filter { $0.outcome == .confirmed }.count == 20)
    #expect(server.value(40) == 20)
    #expect(isRefused(try #require(recorder.outcome(of: 21)), "stopped"))
  }

  @Test("a stop is bounded even where every device hangs, and each command has its report")
  func boundedStop() async throws {
    let server = try FaultyServer()
    server.fail(.swallow, unit: 1)
    let devices = (1...8).map { TestDevices.device(DeviceID("dead-\($0)"), TestDevices.patientMeter(.seconds(1))) }
    let recorder = Recorder()
    let bus = TestDevices.bus(server.port, devices, recorder)
    bus.start()
    try await eventually("the first request") { !server.requests.isEmpty }
    for (index, device) in devices.enumerated() {
      bus.submit(TestDevices.command(UInt64(index), .productionLimit, 1, device: device.id))
    }
    let begin = SystemTime().now().monotonic
    bus.stop()
    bus.join()
    server.stop()
    #expect(SystemTime().now().monotonic - begin < .milliseconds(4500))
    #expect(recorder.reports.map(\.command.id) == Array(0..<8))
    #expect(
      recorder.reports.allSatisfy { report in
        guard case .failed = report.outcome else { return false }
        return true
      })
  }

  @Test("a full mailbox and a bus that was never started refuse at once")
  func fullMailbox() throws {
    let recorder = Recorder()
    let bus = TestDevices.bus(Loopback.freePort(), [TestDevices.device()], recorder)
    for id in 1...100 as ClosedRange<UInt64> { bus.submit(TestDevices.command(id, .productionLimit, 1)) }
    #expect(recorder.reports.count == 36)
    bus.stop()
    bus.join()
    #expect(Set(recorder.reports.map(\.command.id)) == Set(1...100))
    #expect(recorder.reports.count == 100)
  }
}
