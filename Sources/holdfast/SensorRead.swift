import ArgumentParser
import Commissioning
import DeviceProfile
import EnergyModel
import Glibc
import MQTTDevices
import MQTTLink
import SiteConfig

/// `holdfast read` of a device on MQTT: it speaks when it likes, so its messages are waited for.
struct SensorRead {
  let sensor: SensorDefinition
  let broker: SiteConfiguration.Broker
  let settings: LinkSettings
  let wait: Double
  let watch: Double?
  let isJSON: Bool

  init(
    _ sensor: SensorDefinition, on bus: SiteConfiguration.MQTTBus, site: String, wait: Double, watch: Double?,
    isJSON: Bool
  ) throws {
    self.sensor = sensor
    broker = bus.broker
    settings = try LinkSettings(bus, subscriptions: SensorTopics([sensor]).filters, site: site, reader: "\(getpid())")
    self.wait = wait
    self.watch = watch
    self.isJSON = isJSON
  }

  /// Until every point was told, or `wait` is over; with `watch` until Ctrl-C. What the broker kept is shown as `stale`
  /// and waited on for something fresh.
  func run() async throws {
    let link = MQTTLink(settings: settings, time: SystemTime(trust: .declared), seed: .random(in: 0...(.max)))
    let stream = link.events()
    link.start()
    let listening = Task { await listen(stream) }
    guard watch == nil else {
      _ = await listening.value
      return
    }
    let timeout = Task {
      try? await Task.sleep(for: .milliseconds(Int64(wait * 1000)))
      if !Task.isCancelled { listening.cancel() }
    }
    let heard = await listening.value
    timeout.cancel()
    link.stop()
    guard let missing = missing(heard) else { return }
    complain("holdfast: \(missing)")
    throw ExitCode(69)
  }

  private struct Heard {
    var isConnected = false
    var trouble: String?
    var hearing: SensorHearing
  }

  private func listen(_ stream: AsyncStream<LinkEvent>) async -> Heard {
    var topics = SensorTopics([sensor])
    var heard = Heard(hearing: SensorHearing(sensor))
    for await event in stream {
      switch event {
      case .connected: heard.isConnected = true
      case .disconnected(let reason): heard.trouble = reason
      case .subscriptionRefused(let topic): heard.trouble = "the broker refuses the subscription to \(topic)"
      case .acknowledged: break
      case .message(let message):
        for reading in topics.readings(for: message) { take(reading, message, &heard) }
        if watch == nil, !sensor.isFamily, hasToldAll(heard) { return heard }
      }
    }
    return heard
  }

  /// Values that it need not have are waited for too: it may have them.
  private func hasToldAll(_ heard: Heard) -> Bool { sensor.points.allSatisfy(heard.hearing.hasTold) }

  private func take(_ reading: SensorReading, _ message: IncomingMessage, _ heard: inout Heard) {
    switch reading {
    case .malformed(_, let reason): complain("holdfast: \(reason)")
    case .sample(let sample):
      heard.hearing.take(sample)
      var output = StandardOutput()
      if isJSON {
        var json = JSONText()
        json.object { json in
          json.member("device", sample.device.name)
          json.member("topic", message.topic)
          json.member("retained", message.isRetained)
          ReadText.points(sample, &json) { _ in [] }
        }
        try? output.line(json.text)
      } else {
        let kept = message.isRetained ? ", kept by the broker" : ""
        try? output.line("\(sample.device): \(message.topic)\(kept)")
        for reading in sample.readings {
          let value = reading.valueText.padded(to: 12, right: true)
          try? output.line("  \(reading.point.rawValue.padded(to: 24))  \(value)  \(reading.quality.rawValue)")
        }
      }
      try? output.flush()
    }
  }

  private func missing(_ heard: Heard) -> String? {
    guard heard.isConnected else {
      return "no connection to the broker at \(broker.host):\(broker.port): \(heard.trouble ?? "no answer")"
    }
    guard let missing = heard.hearing.missing else { return nil }
    return "\(sensor.device) \(missing) on \(settings.subscriptions.joined(separator: ", ")) "
      + "in \(JSONText.decimal(wait, 1)) s\(heard.trouble.map { ": \($0)" } ?? "")"
  }
}
