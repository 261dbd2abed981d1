import Commissioning
import DeviceProfile
import EnergyModel
import MQTTDevices
import MQTTLink
import SiteConfig
import Synchronization
import Threads

/// A broker in the hands of a person with a tool: its devices are heard and its relays switched as by the agent, by the same
/// code. Whoever asks is made to wait, and has a thread of his own for that.
final class BrokerTalk: Sendable {
  /// How long a connection that was lost is waited for before a relay is told something.
  private static let patience = Duration.seconds(5)

  let devices: [DeviceID]
  let relays: Set<DeviceID>
  private let link: MQTTLink
  private let switches: MQTTSwitches
  private let ears: Ears
  private let listening: Task<Void, Never>
  private let time: any TimeSource
  private let lastCommand = Atomic<UInt64>(0)

  /// - Parameter mayWrite: false where nobody may be switched.
  init(_ bus: SiteConfiguration.MQTTBus, site: String, reader: String, mayWrite: Bool, time: any TimeSource) throws {
    let topics = SensorTopics(bus.sensors)
    let settings = try LinkSettings(bus, subscriptions: topics.filters, site: site, reader: reader)
    let link = MQTTLink(settings: settings, time: time, seed: .random(in: 0...(.max)))
    let ears = Ears(bus.sensors)
    let switches = MQTTSwitches(SwitchDesk(bus), link: link, reports: ears, time: time, mayWrite: mayWrite)
    let service = SensorService(
      link: link, broker: "\(bus.broker.host):\(bus.broker.port)", sensors: topics, switches: switches, samples: ears,
      events: ears, time: time)
    devices = bus.sensors.map(\.device)
    relays = Set(bus.switches.keys)
    (self.link, self.ears, self.switches, self.time) = (link, ears, switches, time)
    link.start()
    listening = Task { await service.listen() }
  }

  func close() {
    link.stop()
    listening.cancel()
    link.join()
  }

  /// What a device owes of its values, in words, waited for until `end` or until somebody interrupts; nil where it told all.
  func missing(of device: DeviceID, until end: ContinuousClock.Instant) -> String? {
    ears.wait(until: end, or: { Interrupt.hasCome }) { $0.isComplete(device) ? true : nil }
    return ears.missing(of: device, isConnected: link.isConnected)
  }

  /// What a device told last, and how old that is; nothing where it never told anything.
  func told(by device: DeviceID) -> (readings: [Reading], age: Duration?) {
    guard let hearing = ears.hearing(of: device) else { return ([], nil) }
    return (hearing.readings, hearing.lastHeard.map { time.now().monotonic - $0 })
  }

  /// Whether a relay is on, as it told within its maximum age; nil where it did not until `end`.
  func isOn(_ relay: DeviceID, until end: ContinuousClock.Instant) -> Bool? {
    ears.wait(until: end, or: { Interrupt.hasCome }) { heard in
      heard.hearing(of: relay)?.good(.relayOn, at: time.now().monotonic).map { $0 >= 0.5 }
    }
  }

  /// Switches a relay and waits for its own word. Nothing ends the wait early: it is also what sets a relay free.
  /// - Returns: why it did not do it, in words.
  func tell(_ relay: DeviceID, isOn: Bool) -> String? {
    let begin = ContinuousClock.now
    while !switches.isConnected, .now - begin < Self.patience { ears.bell.wait(until: .current + .milliseconds(100)) }
    let id = lastCommand.add(1, ordering: .relaxed).newValue
    let setpoint = Setpoint(
      device: relay, kind: .relayOn, value: isOn ? 1 : 0, owner: "installer",
      expires: time.now().monotonic + .seconds(60))
    switches.submit(SetpointCommand(id: id, device: relay, setpoints: [setpoint]))
    switch ears.wait(until: .now + .seconds(60), or: { false }, { $0.outcomes[id] }) {
    case .confirmed: return nil
    case .notTaken(let difference): return "\(relay) did not take it: \(difference)"
    case .failed(let reason), .refused(let reason): return "\(relay): \(reason)"
    case nil: return "\(relay): the command was lost"
    }
  }
}

/// What was heard on a broker so far.
private final class Ears: SampleSink, EventSink, WriteReportSink {
  struct Heard: Sendable {
    var sensors: [SensorHearing]
    var trouble: String?
    var outcomes: [UInt64: WriteReport.Outcome] = [:]

    func isComplete(_ device: DeviceID) -> Bool { hearing(of: device)?.isComplete ?? false }
    func hearing(of device: DeviceID) -> SensorHearing? { sensors.first { $0.sensor.device == device } }
  }

  let bell = Wakeup()
  private let state: Mutex<Heard>

  init(_ sensors: [SensorDefinition]) { state = Mutex(Heard(sensors: sensors.map(SensorHearing.init))) }

  func accept(_ sample: Sample) {
    state.withLock { state in
      for index in state.sensors.indices { state.sensors[index].take(sample) }
    }
    bell.ring()
  }

  func post(_ event: Event) {
    if event.severity != .info { state.withLock { $0.trouble = event.text } }
    bell.ring()
  }

  func accept(_ report: WriteReport) {
    state.withLock { $0.outcomes[report.command.id] = report.outcome }
    bell.ring()
  }

  /// Blocks until there is an answer; nil where there was none until `end`, or it is given up.
  @discardableResult
  func wait<Answer>(
    until end: ContinuousClock.Instant, or isOver: () -> Bool, _ answer: (Heard) -> Answer?
  ) -> Answer? {
    while true {
      if let answer = answer(state.withLock { $0 }) { return answer }
      guard .now < end, !isOver() else { return nil }
      bell.wait(until: .current + .milliseconds(100))
    }
  }

  func hearing(of device: DeviceID) -> SensorHearing? { state.withLock { $0.hearing(of: device) } }

  func missing(of device: DeviceID, isConnected: Bool) -> String? {
    let heard = state.withLock { $0 }
    let trouble = heard.trouble.map { ": \($0)" } ?? ""
    guard isConnected else { return "no connection to its broker\(trouble)" }
    return heard.hearing(of: device)?.missing.map { $0 + trouble }
  }
}
