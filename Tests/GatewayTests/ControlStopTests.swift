import EnergyDispatch
import EnergyModel
import Gateway
import Synchronization
import TestKit
import Testing
import Threads

/// A clean stop of the control cycle: fallback values are written, and each device's answer is waited for, but not for long.
@Suite struct ControlStopTests {
  /// Answers each command as it is told, or never.
  private final class Devices: SetpointPort, EventSink, DecisionSink, StateStore {
    let commands = Mutex<[SetpointCommand]>([])
    let events = Mutex<[Event]>([])
    let outcome = Mutex<WriteReport.Outcome?>(.confirmed)
    let board = ControlBoard()

    func submit(_ command: SetpointCommand) {
      commands.withLock { $0.append(command) }
      guard let outcome = outcome.withLock({ $0 }) else { return }
      board.accept(WriteReport(command: command, outcome: outcome, at: SystemTime().now()))
    }

    func post(_ event: Event) { events.withLock { $0.append(event) } }
    func post(_ decision: Decision) {}
    func save(_ bytes: [UInt8], under key: String) {}
    func save(_ bytes: [UInt8], under key: String, isUrgent: Bool) {}
    func load(_ key: String) async throws -> [UInt8]? { nil }
  }

  private static let parameters = SiteParameters(
    mode: .control, gridMeter: nil,
    hybrids: [
      .init(
        device: "hybrid", acLimit: Watts(10_000), pvPeak: Watts(9800),
        battery: .init(
          usable: WattHours(10_000), socWindow: 10...95, gridCharging: .never, maximumCharge: Watts(5000),
          maximumDischarge: Watts(5000)), batteryReversion: .seconds(60), productionReversion: .seconds(60))
    ], loads: [], fuse: nil, baseLoad: Watts(500), feedIn: nil, reserve: Percent(80),
    economics: ["self-consumption"])

  /// The battery is at its reserve, so that a limit is held when the stop comes.
  private func stop(
    answering outcome: WriteReport.Outcome?
  ) async throws -> (commands: [SetpointCommand], event: Event?, took: Duration) {
    let devices = Devices()
    let site = SiteState()
    let now = SystemTime().now()
    site.accept(
      Sample(
        device: "hybrid", measured: now,
        readings: [
          Reading(.power, 700), Reading(.pvPower, 900), Reading(.batteryPower, -100), Reading(.soc, 50),
          Reading(.chargePowerMax, 5000), Reading(.dischargePowerMax, 5000), Reading(.alarms, 0),
        ]))
    let cycle = ControlCycle(
      core: ControlCore(parameters: Self.parameters, zone: .utc, savedMemory: nil),
      ports: .init(
        site: site, board: devices.board, setpoints: devices, events: devices, decisions: devices, store: devices,
        forecast: { nil }, beat: { _ in }),
      time: SystemTime(), period: .milliseconds(20))
    let running = Task { try await cycle.run() }
    try await eventually("a confirmed setpoint") { devices.board.setpoints.confirmed > 0 }
    devices.outcome.withLock { $0 = outcome }
    let begin = MonotonicInstant.current
    running.cancel()
    try await running.value
    let told = devices.events.withLock { $0.last { $0.name == "control-stopped" } }
    return (devices.commands.withLock { $0 }, told, .current - begin)
  }

  @Test func everyDeviceConfirms() async throws {
    let (commands, event, took) = try await stop(answering: .confirmed)
    let last = try #require(commands.last)
    #expect(last.setpoints.allSatisfy { $0.owner == "stop" })
    #expect(
      last.setpoints.map(\.kind) == [.chargeLimit, .dischargeLimit] && last.setpoints.map(\.value) == [5000, 5000])
    #expect(event?.severity == .info)
    #expect(took < .milliseconds(2500), "\(took)")
  }

  /// What reads back otherwise is an answer as well, and it is told.
  @Test func oneThatDidNotTakeItIsNotWaitedFor() async throws {
    let (_, event, took) = try await stop(answering: .notTaken("holding 40 reads back 0 instead of 5000"))
    #expect(event?.severity == .warning && event?.text == "no fallback value is confirmed by hybrid")
    #expect(took < .milliseconds(2500), "\(took)")
  }

  @Test func aDeviceThatNeverAnswersDoesNotHoldUpTheStop() async throws {
    let (commands, event, took) = try await stop(answering: nil)
    #expect(commands.last?.setpoints.first?.owner == "stop")
    #expect(event?.severity == .warning && event?.text == "no fallback value is confirmed by hybrid")
    #expect(took >= .milliseconds(2900) && took < .milliseconds(5000), "\(took)")
  }
}
