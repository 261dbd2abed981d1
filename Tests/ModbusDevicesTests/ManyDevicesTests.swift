import DeviceProfile
import EnergyModel
import ModbusDevices
import TestKit
import Testing

/// "It must hold", shortened: 50 devices, 10 that swallow everything, 5 that drip, 5 that are late; the other 30 are read
/// each period.
@Suite(.serialized) struct ManyDevicesTests {
  @Test func twentyBadDevicesHarmNobody() async throws {
    let profile = TestDevices.patientMeter(.milliseconds(500))
    let recorder = Recorder()
    var peers: [ModbusPeer] = []
    var buses: [ModbusBus] = []
    defer {
      for bus in buses { bus.stop() }
      for bus in buses { bus.join() }
      for peer in peers { peer.stop() }
    }
    for index in 0..<50 {
      let behaviour: ModbusPeer.Behaviour =
        switch index {
        case 0..<10: .swallow
        case 10..<15: .drip(milliseconds: 200)
        case 15..<20: .late(milliseconds: 700)
        default: .answer
        }
      let peer = try ModbusPeer(value: { _, address in [0: 1500, 20: 50][address] }, decide: { _ in behaviour })
      peers.append(peer)
      buses.append(
        TestDevices.bus(
          peer.port, [TestDevices.device(DeviceID("d\(index)"), profile, period: .milliseconds(500))], recorder))
    }
    for bus in buses { bus.start() }
    try await eventually(within: 30, "ten periods") { recorder.samples(of: "d49").count >= 12 }
    let errors = (20..<50).flatMap { index in
      let times = recorder.samples(of: DeviceID("d\(index)")).map(\.measured.monotonic)
      return zip(times, times.dropFirst()).map { abs(($1 - $0).milliseconds - 500) }
    }.sorted()
    // Every gap of a good device; one machine that runs the whole suite has its own pauses.
    #expect(errors.count >= 30 * 9)
    #expect(errors[errors.count * 9 / 10] <= 100, "\(errors.suffix(30))")
    for index in 20..<50 {
      #expect(recorder.samples(of: DeviceID("d\(index)")).allSatisfy { $0[.power]?.value == 1500 })
    }
    for index in 0..<20 {
      #expect(recorder.samples(of: DeviceID("d\(index)")).allSatisfy { $0[.power]?.value == nil })
    }
  }
}
