import EnergyModel
import MQTTDevices
import MQTTLink
import ServiceLifecycle

/// Turns the messages of a site's broker into samples, and lets what they say confirm commands to its relays.
struct SensorService: Service {
  let link: MQTTLink
  let broker: String
  let sensors: SensorTopics
  let switches: MQTTSwitches
  let samples: any SampleSink
  let events: any EventSink
  let time: any TimeSource

  func run() async throws { await cancelWhenGracefulShutdown { await listen() } }

  /// Until the link ends or the task is cancelled.
  func listen() async {
    let stream = link.events()
    await withTaskGroup { group in
      group.addTask {
        var sensors = sensors
        var complaints = Complaints()
        for await event in stream { take(event, &sensors, &complaints) }
      }
      // Commands run out and states grow old while nobody says a word.
      if switches.areAny {
        group.addTask {
          while (try? await Task.sleep(for: .milliseconds(500))) != nil { switches.lookAtClock() }
        }
      }
      await group.next()
      group.cancelAll()
    }
    switches.end()
  }

  private func take(_ event: LinkEvent, _ sensors: inout SensorTopics, _ complaints: inout Complaints) {
    switch event {
    case .connected:
      // Who is woken by the event may switch something at once.
      switches.connected()
      events.post(Event(at: time.now(), name: "broker-connected", severity: .info, text: broker))
    case .disconnected(let reason):
      switches.disconnected()
      events.post(
        Event(at: time.now(), name: "broker-lost", severity: .warning, text: "\(broker): \(reason)"))
    case .acknowledged: break
    case .subscriptionRefused(let topic):
      events.post(
        Event(
          at: time.now(), name: "subscription-refused", severity: .warning,
          text: "\(broker) refuses the subscription to \(topic)"))
    case .message(let message):
      let readings = sensors.readings(for: message)
      let ill = readings.compactMap { if case .malformed(let device, _) = $0 { device } else { nil } }
      for reading in readings {
        switch reading {
        case .sample(let sample):
          samples.accept(sample)
          switches.saw(sample)
          if !ill.contains(sample.device) { complaints.isWell(sample.device) }
        case .malformed(let device, let reason):
          guard complaints.isFirst(device, reason) else { continue }
          events.post(
            Event(
              at: message.received, name: "payload-malformed", severity: .warning, device: device, text: reason))
        }
      }
    }
  }
}

/// Says a device's problem once, not with each message, until it was well again.
private struct Complaints {
  private var last: [DeviceID: String] = [:]

  mutating func isFirst(_ device: DeviceID, _ reason: String) -> Bool {
    defer { last[device] = reason }
    return last[device] == nil
  }

  mutating func isWell(_ device: DeviceID) { last[device] = nil }
}
