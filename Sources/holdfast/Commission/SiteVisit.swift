import Commissioning
import DeviceProfile
import EnergyDispatch
import EnergyModel
import Foundation
import ModbusDevices
import SiteConfig

/// Somebody interrupted: what was written is released, and the visit ends.
struct Interrupted: Error {}

/// An installer goes through a site. Everything is done one after the other on one thread, and what was written to a
/// device is remembered until it is released.
final class SiteVisit {
  static let pollsOfSurvey = 6
  /// As relays on coils have it.
  static let relayCommand = "relay"

  let configuration: SiteConfiguration
  let consent: Consent
  let isReadOnly: Bool
  let devices: [VisitedDevice]
  private(set) var findings = Findings()
  /// Those that speak of devices that are wanted, from ``listen()`` on.
  private(set) var brokers: [BrokerTalk] = []
  private let buses: [BusTalk]
  private var counters = CounterCheck()
  private var held: [Held] = []
  private let only: Set<DeviceID>

  /// Something that a device was told, and what sets it free again.
  private struct Held {
    var device: DeviceID
    var command: String
    /// What it is told then.
    var text: String
    /// Why not, in words.
    var release: () -> String?
    /// It was tried before, in vain.
    var hasFailed = false
  }

  init(_ configuration: SiteConfiguration, only: Set<DeviceID>, consent: Consent, isReadOnly: Bool) {
    self.configuration = configuration
    self.consent = consent
    self.isReadOnly = isReadOnly
    self.only = only
    let time = SystemTime(trust: .declared)
    var buses: [BusTalk] = []
    var devices: [VisitedDevice] = []
    // What is tried shows at the meter and at the inverters, whoever is asked for.
    let witnesses = Set(configuration.control.hybrids.map(\.device))
      .union(configuration.control.gridMeter.map { [$0.device] } ?? [])
    for bus in configuration.modbusBuses {
      let wanted = bus.devices.filter { only.isEmpty || only.contains($0.id) || witnesses.contains($0.id) }
      guard !wanted.isEmpty else { continue }
      let talk = BusTalk(bus, only: Set(wanted.map(\.id)), time: time)
      buses.append(talk)
      devices += zip(wanted, talk.devices).map {
        VisitedDevice(bus: bus, device: $0, talk: $1, in: configuration)
      }
    }
    self.buses = buses
    self.devices = devices
  }

  /// Devices on MQTT speak when they like, so that they are listened to from the beginning on.
  func listen() {
    for bus in configuration.mqttBuses where bus.sensors.contains(where: { isWanted($0.device) }) {
      do {
        brokers.append(
          try BrokerTalk(
            bus, site: configuration.site.id, reader: "\(getpid())", mayWrite: !isReadOnly,
            time: SystemTime(trust: .declared)))
      } catch {
        for sensor in bus.sensors where isWanted(sensor.device) {
          note(Finding(sensor.device, "reachable", .failed, "\(error)"))
        }
      }
    }
  }

  func close() {
    for bus in buses { bus.close() }
    for broker in brokers { broker.close() }
  }

  func isWanted(_ device: DeviceID) -> Bool { only.isEmpty || only.contains(device) }

  var wanted: [VisitedDevice] { devices.filter { isWanted($0.id) } }
  var meter: VisitedDevice? { devices.first { $0.id == configuration.control.gridMeter?.device } }
  var hybrids: [VisitedDevice] {
    configuration.control.hybrids.compactMap { hybrid in devices.first { $0.id == hybrid.device } }
  }

  func note(_ finding: Finding) {
    findings.add(finding)
    let mark = finding.outcome == .passed ? "passed" : finding.outcome.rawValue.uppercased()
    print("  \(mark.padded(to: 6))  \(finding.device?.name ?? "site"), \(finding.check): \(finding.text)")
    fflush(nil)
  }

  func note(_ findings: [Finding]) { for finding in findings { note(finding) } }

  func say(_ text: String) {
    print(text)
    fflush(nil)
  }

  func pause(_ duration: Duration) throws(Interrupted) {
    guard Interrupt.sleep(duration) else { throw Interrupted() }
  }

  /// Polls once; the meter's counters are kept account of.
  func look(at device: VisitedDevice) throws(Interrupted) -> Sample? {
    guard !Interrupt.hasCome else { throw Interrupted() }
    let sample = device.talk.poll().sample
    if let sample, device.id == meter?.id { counters.saw(sample) }
    return sample
  }

  /// A few samples of each, taken turn by turn and a second apart.
  func samples(of devices: [VisitedDevice], count: Int = 4) throws(Interrupted) -> [DeviceID: [Sample]] {
    var found: [DeviceID: [Sample]] = [:]
    for turn in 0..<count {
      if turn > 0 { try pause(.milliseconds(700)) }
      for device in devices {
        if let sample = try look(at: device) { found[device.id, default: []].append(sample) }
      }
    }
    return found
  }

  /// The device of something that control moves. Nil, which is noted, where nobody can try it.
  func tried(_ id: DeviceID, _ kind: SetpointKind) -> (VisitedDevice, CommandDefinition)? {
    guard isWanted(id) else { return nil }
    guard let device = devices.first(where: { $0.id == id }) else {
      note(Finding(id, "effect", .open, "not tried: it is on MQTT, and there only relays are tried"))
      return nil
    }
    guard let command = device.command(kind) else {
      note(Finding(id, "effect", .open, "not tried: its profile has no command for \(kind.rawValue)"))
      return nil
    }
    return (device, command)
  }

  /// A sample of now with a point that the trial cannot do without; nil, which is noted, where there is none.
  func current(_ device: VisitedDevice, _ point: Point, for check: String) throws(Interrupted) -> (Sample, Double)? {
    let sample = try look(at: device)
    guard let sample, let value = sample.good(point) else {
      let text = sample == nil ? "no longer answers" : "no longer tells \(point.rawValue)"
      note(Finding(device.id, check, .failed, text))
      return nil
    }
    return (sample, value)
  }

  /// Writes a command, which is released with the others at the end. What it wrote is read back.
  /// - Returns: why not, in words.
  func tell(_ hand: Hand, _ values: [SetpointKind: Double], before: Sample) -> String? {
    if let refusal = hand.bounds.refusal(of: values, given: before) { return refusal }
    let device = hand.talk.device.id
    // Told again before it was released, it is released to what was found at first.
    let name = hand.command.name
    if !held.contains(where: { $0.device == device && $0.command == name }) {
      do {
        switch try hand.aftermath(of: values, before: before) {
        case .release(let release):
          held.append(Held(device: device, command: name, text: Hand.text(release)) { hand.release(release) })
        case .byItself: break
        case .underCommand:
          let check = "release of \(name)"
          guard findings.outcome(device, check) != .open else { break }
          note(Finding(device, check, .open, "found under a command, left to its timer"))
        }
      } catch {
        return "\(device): \(error)"
      }
    }
    return hand.carryOut(values, [], isTold: false)
  }

  /// The same of a relay on MQTT, which its own word confirms.
  func tell(_ relay: DeviceID, on broker: BrokerTalk, isOn: Bool, was: Bool) -> String? {
    let text = Hand.text([.relayOn: was ? 1 : 0])
    held.append(
      Held(device: relay, command: Self.relayCommand, text: text) { Hand.release { broker.tell(relay, isOn: was) } })
    return broker.tell(relay, isOn: isOn)
  }

  /// Sets every device free that was told something, also after a failure or an interruption. What cannot be released now is
  /// tried again the next time.
  func releaseAll() {
    var left: [Held] = []
    while var one = held.popLast() {
      let problem = one.release()
      let check = "release of \(one.command)"
      if let problem {
        // Once is enough.
        if !one.hasFailed { note(Finding(one.device, check, .failed, problem)) }
        one.hasFailed = true
        left.append(one)
      } else if one.hasFailed {
        // What failed once stays failed in the report.
        note(Finding(one.device, "later \(check)", .passed, "is free again, at a further attempt: \(one.text)"))
      } else {
        note(Finding(one.device, check, .passed, "is free again: \(one.text)"))
      }
    }
    held = left.reversed()
  }

  /// The same at the end of the visit, when nothing else comes after it: a line that is down is waited for.
  func releaseForGood() {
    releaseAll()
    guard isHolding else { return }
    say("Not released yet: \(stillHeld). It is tried again for \(Hand.patience.components.seconds) s.")
    Hand.patiently {
      releaseAll()
      return !isHolding
    }
    for one in held {
      note(Finding(one.device, "later release of \(one.command)", .failed, "was not released to the end: \(one.text)"))
    }
  }

  /// Whether something could not be released.
  var isHolding: Bool { !held.isEmpty }

  /// What that is, in words.
  var stillHeld: String { held.map { "\($0.device) (\($0.command))" }.joined(separator: ", ") }

  /// What only the whole visit can tell.
  func finish() {
    guard let meter, isWanted(meter.id), !meter.survey.isEmpty else { return }
    if let finding = counters.finding(meter.id) { note(finding) }
    let phases = [Point.powerL1, .powerL2, .powerL3].filter { meter.mean($0) != nil }
    let checks = ["sign"] + phases.map { "transformer L\($0.rawValue.dropFirst(7).prefix(1))" }
    for check in checks where findings.outcome(meter.id, check) == nil {
      note(Finding(meter.id, check, .open, "no known power was switched on or off"))
    }
  }
}
