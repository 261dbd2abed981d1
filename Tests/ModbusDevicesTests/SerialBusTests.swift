import DeviceProfile
import EnergyModel
import Glibc
import ModbusDevices
import Synchronization
import TestKit
import Testing

/// A serial line of pseudo-terminals with devices of the tests behind it.
@Suite(.serialized) struct SerialBusTests {
  /// Power in holding 0, frequency in holding 20.
  static func value(_ unit: Int, _ address: Int) -> UInt16? {
    [0: UInt16(1000 + unit), 20: 50, 40: 0, 41: 0][address]
  }

  static func bus(
    _ path: String, _ devices: [BusDevice], _ recorder: Recorder, pause: Duration = .zero
  ) -> ModbusBus {
    ModbusBus(
      name: "line", .serial(path: path, line: SerialLine()), pause: pause, devices: devices, time: SystemTime(),
      samples: recorder, reports: recorder, events: recorder)
  }

  private func with(
    _ devices: [BusDevice], pause: Duration = .zero,
    value: @escaping @Sendable (Int, Int) -> UInt16? = SerialBusTests.value,
    decide: @escaping @Sendable (ModbusPeer.Request) -> ModbusPeer.Behaviour,
    _ body: (ModbusPeer, Recorder, ModbusBus) async throws -> Void
  ) async throws {
    let peer = try ModbusPeer(serial: true, value: value, decide: decide)
    let recorder = Recorder()
    let bus = Self.bus(peer.path, devices, recorder, pause: pause)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      peer.stop()
    }
    try await body(peer, recorder, bus)
  }

  @Test func unitsAreReadAndWritten() async throws {
    let devices = [TestDevices.device("a", unit: 1), TestDevices.device("b", unit: 2)]
    try await with(devices, decide: { _ in .answer }) { _, recorder, bus in
      try await eventually("values of both") {
        recorder.hasGood("a", .power, 1001) && recorder.hasGood("b", .power, 1002)
      }
      bus.submit(TestDevices.command(1, .productionLimit, 70, device: "b"))
      try await eventually("a report") { recorder.outcome(of: 1) == .confirmed }
      #expect(recorder.events.isEmpty)
    }
  }

  @Test func aWriteThatIsOnlyAcknowledgedIsNotConfirmed() async throws {
    try await with(
      [TestDevices.device("a", unit: 1)],
      decide: {
        $0.function == 16 ? .ignoreWrite : .answer
      }
    ) { _, recorder, bus in
      bus.submit(TestDevices.command(1, .productionLimit, 70, device: "a"))
      try await eventually("a report") { recorder.outcome(of: 1) != nil }
      #expect(recorder.outcome(of: 1) == .notTaken("holding 40 reads back 0 instead of 70"))
    }
  }

  @Test func aSecondMasterIsToldClearly() async throws {
    try await with([TestDevices.device("a", unit: 1)], decide: { _ in .answer }) { peer, recorder, _ in
      try await eventually("a value") { recorder.hasGood("a", .power, 1001) }
      let other = Recorder()
      let second = Self.bus(peer.path, [TestDevices.device("x", unit: 2)], other)
      second.start()
      defer {
        second.stop()
        second.join()
      }
      try await eventually("the reason") { !other.events.isEmpty }
      #expect(other.events.first?.text.contains("another process uses the serial port") == true)
      #expect(other.samples(of: "x").allSatisfy { $0[.power]?.quality == .timeout })
      #expect(recorder.samples(of: "a").allSatisfy { $0[.power]?.quality == .good })
      #expect(!peer.requests.contains { $0.unit == 2 })
    }
  }

  @Test func aPortThatIsMissingIsNoReasonToStop() async throws {
    let recorder = Recorder()
    let bus = Self.bus("/dev/serial/by-id/nothing-is-there", [TestDevices.device("a")], recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
    }
    try await eventually("marked points") { !recorder.samples(of: "a").isEmpty }
    #expect(recorder.events.first?.text.contains("No such file") == true)
  }

  /// The value counts the requests, so that an answer that belongs to an earlier question shows.
  @Test(arguments: [300, 600])
  func aLateAnswerIsNeverTakenForTheNextOnes(milliseconds: Int) async throws {
    let power = Mutex<UInt16>(1000)
    let value: @Sendable (Int, Int) -> UInt16? = { _, address in
      // One register more, so that the device can be asked in another length.
      address == 0 ? power.withLock { $0 } : address == 1 || address == 20 || address == 21 ? 50 : nil
    }
    let isLate = Mutex(false)
    try await with(
      [TestDevices.device("a", unit: 1)], value: value,
      decide: { request in
        guard request.address == 0 else { return .answer }
        return isLate.withLock { isLate in
          defer { isLate = false }
          return isLate ? .late(milliseconds: milliseconds) : .answer
        }
      }
    ) { _, recorder, _ in
      for round in 1...4 {
        try await eventually("a value") { recorder.samples(of: "a").last?[.power]?.value == Double(999 + round) }
        // What is measured from now on is another value; the late answer holds the old one.
        isLate.withLock { $0 = true }
        try await eventually("the late question was asked") { !isLate.withLock { $0 } }
        power.withLock { $0 += 1 }
        let changed = SystemTime().now().monotonic
        try await eventually("the new value") {
          recorder.samples(of: "a").last?[.power]?.value == Double(1000 + round)
        }
        let old = recorder.samples(of: "a").filter {
          $0.measured.monotonic > changed && $0[.power]?.value == Double(999 + round)
        }
        #expect(old.isEmpty)
      }
    }
  }

  @Test(arguments: [ModbusPeer.Behaviour.badChecksum, .wrongUnit, .wrongFunction, .cut])
  func aBrokenAnswerCostsAPollAndNoValue(behaviour: ModbusPeer.Behaviour) async throws {
    let count = Mutex(0)
    let devices = [TestDevices.device("a", unit: 1), TestDevices.device("b", unit: 2)]
    try await with(
      devices,
      decide: { request in
        count.withLock { count in
          count += 1
          return count % 11 == 0 && request.unit == 1 ? behaviour : .answer
        }
      }
    ) { _, recorder, _ in
      try await eventually(within: 20, "many values") { recorder.samples(of: "b").count >= 60 }
      #expect(recorder.samples(of: "a").allSatisfy { [1001, nil].contains($0[.power]?.value) })
      #expect(recorder.samples(of: "a").contains { $0[.power]?.quality == .timeout })
      #expect(recorder.samples(of: "b").allSatisfy { [1002, nil].contains($0[.power]?.value) })
    }
  }

  @Test func theLineRestsBetweenTwoUnits() async throws {
    let devices = [
      TestDevices.device("a", unit: 1, period: .zero), TestDevices.device("b", unit: 2, period: .zero),
    ]
    try await with(devices, pause: .milliseconds(60), decide: { _ in .answer }) { peer, _, _ in
      try await eventually("requests") { peer.requests.count >= 16 }
      let requests = peer.requests
      for (earlier, later) in zip(requests, requests.dropFirst()) where earlier.unit != later.unit {
        #expect(later.at - earlier.at >= .milliseconds(59))
      }
      // Two requests to one unit follow at once.
      let within = zip(requests, requests.dropFirst()).filter { $0.unit == $1.unit }.map { $1.at - $0.at }
      #expect(try #require(within.min()) < .milliseconds(50))
    }
  }

  /// "It must hold": 8 units with one dead, at most one poll in ten of the others late by more than their period. Here with
  /// periods of 500 ms and a timeout of 200 ms.
  @Test func aDeadUnitCostsTheOthersLittle() async throws {
    var profile = TestDevices.meter
    profile.reading.timeout = .milliseconds(200)
    let devices = (1...8).map {
      TestDevices.device(DeviceID("unit-\($0)"), profile, unit: $0, period: .milliseconds(500))
    }
    try await with(devices, decide: { $0.unit == 5 ? .swallow : .answer }) { _, recorder, _ in
      try await eventually(within: 20, "twelve seconds of polls") { recorder.samples(of: "unit-1").count >= 24 }
      var late = 0
      var all = 0
      for unit in 1...8 where unit != 5 {
        let times = recorder.samples(of: DeviceID("unit-\(unit)")).map(\.measured.monotonic)
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        all += gaps.count
        late += gaps.count { $0 > .milliseconds(1000) }
      }
      #expect(late * 10 <= all, "\(late) of \(all)")
      #expect(recorder.events.map(\.device) == ["unit-5"])
    }
  }
}
