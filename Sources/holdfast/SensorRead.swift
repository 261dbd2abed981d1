import ArgumentParser
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
  /// Nothing is printed.
  let isSilent: Bool

  init(
    _ sensor: SensorDefinition, on bus: SiteConfiguration.MQTTBus, site: String, wait: Double, watch: Double?,
    isJSON: Bool, isSilent: Bool = false
  ) throws {
    self.sensor = sensor
    broker = bus.broker
    settings = try LinkSettings(bus, subscriptions: SensorTopics([sensor]).filters, site: site, reader: "\(getpid())")
    self.wait = wait
    self.watch = watch
    self.isJSON = isJSON
    self.isSilent = isSilent
  }

  /// Until every point was told, or `wait` is over; with `watch` until Ctrl-C. What the broker kept is shown as `stale`
  /// and waited on for something fresh.
  func run() async throws {
    guard let missing = await missing() else { return }
    complain("holdfast: \(missing)")
    throw ExitCode(69)
  }

  /// What was not told, in words; nil where everything was.
  func missing() async -> String? {
    let link = MQTTLink(settings: settings, time: SystemTime(trust: .declared), seed: .random(in: 0...(.max)))
    let stream = link.events()
    link.start()
    let listening = Task { await listen(stream) }
    guard watch == nil else {
      _ = await listening.value
      return nil
    }
    let timeout = Task {
      try? await Task.sleep(for: .milliseconds(Int64(wait * 1000)))
      if !Task.isCancelled { listening.cancel() }
    }
    let heard = await listening.value
    timeout.cancel()
    link.stop()
    return missing(heard)
  }

  private struct Heard {
    var isConnected = false
    var trouble: String?
    var readings: [DeviceID: [Point: Reading]] = [:]
  }

  private func listen(_ stream: AsyncStream<LinkEvent>) async -> Heard {
    var topics = SensorTopics([sensor])
    var heard = Heard()
    for await event in stream {
      switch event {
      case .connected: heard.isConnected = true
      case .disconnected(let reason): heard.trouble = reason
      case .subscriptionRefused(let topic): heard.trouble = "the broker refuses the subscription to \(topic)"
      case .acknowledged: break
      case .message(let message):
        for reading in topics.readings(for: message) { take(reading, message, &heard) }
        if watch == nil, !sensor.isFamily, isComplete(heard) { return heard }
      }
    }
    return heard
  }

  private func isComplete(_ heard: Heard) -> Bool {
    let told = heard.readings[sensor.device] ?? [:]
    return sensor.points.allSatisfy { point in told[point].map { $0.quality != .stale } ?? false }
  }

  private func take(_ reading: SensorReading, _ message: IncomingMessage, _ heard: inout Heard) {
    switch reading {
    case .malformed(_, let reason): if !isSilent { complain("holdfast: \(reason)") }
    case .sample(let sample):
      for reading in sample.readings { heard.readings[sample.device, default: [:]][reading.point] = reading }
      if isSilent { return }
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
    let missing = sensor.points.filter { heard.readings[sensor.device]?[$0]?.quality != .good }
    guard sensor.isFamily ? heard.readings.isEmpty : !missing.isEmpty else { return nil }
    let what = missing.map(\.rawValue).joined(separator: ", ")
    return "\(sensor.device) told nothing fresh of \(what) on \(settings.subscriptions.joined(separator: ", ")) "
      + "in \(JSONText.decimal(wait, 1)) s\(heard.trouble.map { ": \($0)" } ?? "")"
  }
}
