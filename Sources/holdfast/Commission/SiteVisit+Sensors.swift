import Commissioning
import DeviceProfile
import EnergyDispatch
import EnergyModel
import SiteConfig

/// Devices on MQTT speak when they like.
extension SiteVisit {
  static let patienceWithSensors = Duration.seconds(15)

  func hearSensors() throws(Interrupted) {
    let end = ContinuousClock.now + Self.patienceWithSensors
    for broker in brokers {
      for device in broker.devices where isWanted(device) && findings.outcome(device, "reachable") == nil {
        note(try heard(device, on: broker, until: end))
      }
    }
  }

  private func heard(
    _ device: DeviceID, on broker: BrokerTalk, until end: ContinuousClock.Instant
  ) throws(Interrupted) -> Finding {
    guard let missing = broker.missing(of: device, until: end) else {
      return Finding(device, "reachable", .passed, "told all its values afresh")
    }
    // Nobody has waited for it.
    guard !Interrupt.hasCome else { throw Interrupted() }
    return Finding(device, "reachable", .failed, missing)
  }

  /// Those on MQTT that were visited, for the report.
  var reportedSensors: [VisitReport.Device] {
    configuration.mqttBuses.flatMap { bus in
      bus.sensors.filter { isWanted($0.device) }.map { sensor in
        let told = brokers.first { $0.devices.contains(sensor.device) }?.told(by: sensor.device)
        let topics = sensor.messages.map(\.topic.filter).joined(separator: ", ")
        return VisitReport.Device(
          id: sensor.device, profile: nil,
          title: bus.switches[sensor.device] == nil ? "Device on MQTT" : "Relay on MQTT",
          place: "\(bus.broker.host):\(bus.broker.port), \(topics)", serial: nil, readings: told?.readings ?? [],
          age: told?.age)
      }
    }
  }

  /// A relay on MQTT, confirmed by what it says itself.
  func trySwitch(_ load: SiteParameters.SheddableLoad, on broker: BrokerTalk) throws(Interrupted) {
    let relay = load.device
    let check = "write of \(Self.relayCommand)"
    func open(_ reason: String) { note(Finding(relay, check, .open, "not tried: \(reason)")) }
    if isReadOnly { return open("--read-only") }
    if let reason = configuration.onlyReadReason(relay) { return open(reason) }
    say("\(relay), a relay on MQTT")
    note(try heard(relay, on: broker, until: .now + Self.patienceWithSensors))
    guard !Interrupt.hasCome else { throw Interrupted() }
    guard broker.isOn(relay, until: .now) != nil else { return open("it does not say whether it is on") }
    guard try agrees(relay, check, Self.relayQuestion) else { return }
    // Who is asked may take an hour to answer.
    guard let isOn = broker.isOn(relay, until: .now) else {
      return note(Finding(relay, check, .failed, "no longer says whether it is on"))
    }
    try switchOver(
      load, check, isOn: isOn, tell: { tell(relay, on: broker, isOn: $0, was: isOn) },
      difference: { told in
        let now = broker.isOn(relay, until: .now)
        return now == told ? nil : "it says that it is \(now.map { $0 ? "on" : "off" } ?? "gone")"
      })
  }
}
