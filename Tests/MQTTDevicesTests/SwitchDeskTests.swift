import DeviceProfile
import EnergyModel
import TestKit
import Testing

@testable import MQTTDevices

@Suite struct SwitchDeskTests {
  private let time = ManualTime()
  private var desk = SwitchDesk([
    (
      device: "pool",
      definition: SwitchDefinition(
        topic: TopicPattern(literal: "cmnd/pool/POWER"), on: "ON", off: "OFF",
        ask: .init(topic: TopicPattern(literal: "cmnd/pool/POWER"), payload: "")), maximumAge: .seconds(60)
    )
  ])

  private static let ask = SwitchDesk.Publication(topic: "cmnd/pool/POWER", payload: "")

  private func command(
    _ id: UInt64 = 1, _ value: Double, device: DeviceID = "pool", kind: SetpointKind = .relayOn,
    lifetime: Duration = .seconds(60)
  ) -> SetpointCommand {
    let setpoint = Setpoint(
      device: device, kind: kind, value: value, owner: "fuse", expires: time.now().monotonic + lifetime)
    return SetpointCommand(id: id, device: device, setpoints: [setpoint])
  }

  private func told(_ value: Double, quality: Quality = .good) -> Sample {
    Sample(device: "pool", measured: time.now(), readings: [Reading(.relayOn, value, quality: quality)])
  }

  private func outcomes(_ step: SwitchDesk.Step) -> [WriteReport.Outcome] { step.reports.map(\.outcome) }

  @Test mutating func theDeviceItselfConfirms() {
    #expect(desk.connected(at: time.now()).publications == [Self.ask])
    let sent = desk.submit(command(1, 0), at: time.now())
    #expect(sent.publications == [.init(topic: "cmnd/pool/POWER", payload: "OFF"), Self.ask])
    #expect(sent.reports.isEmpty)
    time.advance(by: .milliseconds(300))
    // What it said before the command reached it, then what became of it.
    #expect(desk.saw(told(1), at: time.now()).reports.isEmpty)
    #expect(outcomes(desk.saw(told(0), at: time.now())) == [.confirmed])
    time.advance(by: .seconds(6))
    #expect(desk.lookAtClock(time.now()).reports.isEmpty)
  }

  @Test mutating func silenceIsAFailureAndAContradictionIsTold() {
    _ = desk.connected(at: time.now())
    _ = desk.submit(command(1, 0), at: time.now())
    time.advance(by: .milliseconds(4999))
    #expect(desk.lookAtClock(time.now()).reports.isEmpty)
    time.advance(by: .milliseconds(1))
    #expect(outcomes(desk.lookAtClock(time.now())) == [.failed("the device does not say what became of it")])
    _ = desk.submit(command(2, 0), at: time.now())
    time.advance(by: .seconds(1))
    _ = desk.saw(told(1), at: time.now())
    time.advance(by: .seconds(4))
    #expect(outcomes(desk.lookAtClock(time.now())) == [.notTaken("the device says that it is on")])
  }

  @Test(arguments: [Quality.stale, .timeout, .outOfRange]) mutating func onlyAFreshWordCounts(_ quality: Quality) {
    _ = desk.connected(at: time.now())
    _ = desk.submit(command(1, 0), at: time.now())
    time.advance(by: .seconds(1))
    #expect(desk.saw(told(0, quality: quality), at: time.now()).reports.isEmpty)
    var early = told(0)
    early.measured = Moment(wall: early.measured.wall, monotonic: early.measured.monotonic - .seconds(2))
    #expect(desk.saw(early, at: time.now()).reports.isEmpty)
  }

  @Test mutating func nothingIsPublishedThatCannotBeWantedAnyMore() {
    #expect(outcomes(desk.submit(command(1, 1), at: time.now())) == [.failed("no connection to the broker")])
    _ = desk.connected(at: time.now())
    let refused = [
      command(1, 1, lifetime: .zero), command(2, 1, device: "sauna"), command(3, 6, kind: .chargingCurrent),
    ].map { desk.submit($0, at: time.now()) }
    #expect(refused.allSatisfy { $0.publications.isEmpty })
    #expect(
      refused.flatMap(outcomes) == [
        .refused("expired 0 ms ago: relay_on of fuse"), .refused("sauna is no relay on MQTT"),
        .refused("a relay takes relay_on and nothing else"),
      ])
  }

  @Test mutating func everyCommandHasExactlyOneReport() {
    _ = desk.connected(at: time.now())
    _ = desk.submit(command(1, 0), at: time.now())
    let second = desk.submit(command(2, 1), at: time.now())
    #expect(second.reports.map(\.command.id) == [1])
    #expect(outcomes(second) == [.failed("a newer command took its place")])
    let lost = desk.disconnected(at: time.now())
    #expect(lost.reports.map(\.command.id) == [2])
    #expect(desk.disconnected(at: time.now()).reports.isEmpty)
    _ = desk.connected(at: time.now())
    _ = desk.submit(command(3, 1), at: time.now())
    #expect(desk.giveUp("the agent stops", time.now()).reports.map(\.command.id) == [3])
    #expect(desk.saw(told(1), at: time.now()).reports.isEmpty)
  }

  /// Off, on and off in a row: what the device says of the first is not taken for the last, which may yet be lost.
  @Test mutating func aLateEchoConfirmsNoNewerCommand() {
    _ = desk.connected(at: time.now())
    _ = desk.submit(command(1, 0), at: time.now())
    _ = desk.submit(command(2, 1), at: time.now())
    _ = desk.submit(command(3, 0), at: time.now())
    time.advance(by: .milliseconds(300))
    #expect(desk.saw(told(0), at: time.now()).reports.isEmpty)
    // Told twice, as answer to a question: still the first.
    #expect(desk.saw(told(0), at: time.now()).reports.isEmpty)
    #expect(desk.saw(told(1), at: time.now()).reports.isEmpty)
    #expect(outcomes(desk.saw(told(0), at: time.now())) == [.confirmed])
  }

  /// What was true before a command that another replaced says nothing of that other.
  @Test mutating func theStateFromBeforeConfirmsNothing() {
    _ = desk.connected(at: time.now())
    _ = desk.submit(command(1, 1), at: time.now())
    _ = desk.submit(command(2, 0), at: time.now())
    #expect(desk.saw(told(0), at: time.now()).reports.isEmpty)
    #expect(desk.saw(told(1), at: time.now()).reports.isEmpty)
    #expect(outcomes(desk.saw(told(0), at: time.now())) == [.confirmed])
  }

  /// A command that got lost is not waited for any longer than it would have been.
  @Test mutating func aLostCommandDoesNotKeepTheNextFromBeingConfirmed() {
    _ = desk.connected(at: time.now())
    _ = desk.submit(command(1, 1), at: time.now())
    time.advance(by: .seconds(2))
    _ = desk.submit(command(2, 0), at: time.now())
    #expect(desk.saw(told(0), at: time.now()).reports.isEmpty)
    time.advance(by: .seconds(3))
    #expect(desk.lookAtClock(time.now()).publications == [Self.ask])
    #expect(desk.lookAtClock(time.now()).publications.isEmpty)
    #expect(outcomes(desk.saw(told(0), at: time.now())) == [.confirmed])
  }

  @Test mutating func asksSoOftenThatTheStateNeverGetsTooOld() {
    #expect(desk.lookAtClock(time.now()).publications.isEmpty)
    _ = desk.connected(at: time.now())
    time.advance(by: .seconds(19))
    #expect(desk.lookAtClock(time.now()).publications.isEmpty)
    time.advance(by: .seconds(1))
    #expect(desk.lookAtClock(time.now()).publications == [Self.ask])
    #expect(desk.lookAtClock(time.now()).publications.isEmpty)
  }

  @Test mutating func afterTheEndNothingIsPublishedAndNothingWaits() {
    _ = desk.connected(at: time.now())
    _ = desk.submit(command(1, 0), at: time.now())
    #expect(outcomes(desk.giveUp("the agent stops", time.now())) == [.failed("the agent stops")])
    let late = desk.submit(command(2, 1), at: time.now())
    #expect(late.publications.isEmpty && outcomes(late) == [.failed("no connection to the broker")])
  }
}
