import DeviceProfile
import EnergyModel
import ModbusDevices
import SiteConfig

/// What `holdfast read` says of a device behind Modbus.
enum ReadText {
  static func lines(
    _ talk: DeviceTalk, _ device: SiteConfiguration.ModbusDevice, _ bus: SiteConfiguration.ModbusBus,
    _ poll: DeviceTalk.Poll
  ) -> [String] {
    guard let sample = poll.sample else { return [] }
    var lines = [
      "\(device.id): \(device.profile.title) (\(device.profile.name)) at \(bus.endpoint.text), unit \(device.unit), "
        + "read in \(poll.duration.milliseconds) ms",
      serial(talk, device),
    ]
    if let map = talk.models {
      lines.append("SunSpec at \(map.base), models \(map.models.map { "\($0.id)" }.joined(separator: " "))")
    }
    let width = sample.readings.map(\.point.rawValue.count).max() ?? 0
    let values = sample.readings.map(\.valueText.count).max() ?? 0
    for reading in sample.readings {
      let origins = talk.origins(of: reading.point)
      let from = origins.isEmpty ? "the device has no register for it" : origins.map(\.text).joined(separator: ", ")
      lines.append(
        "  \(reading.point.rawValue.padded(to: width))  \(reading.valueText.padded(to: values, right: true))  "
          + "\(reading.quality.rawValue.padded(to: 15))  \(from)")
    }
    if let trouble = poll.trouble { lines.append("  it \(trouble)") }
    return lines
  }

  private static func serial(_ talk: DeviceTalk, _ device: SiteConfiguration.ModbusDevice) -> String {
    guard device.profile.serial != nil else { return "its profile knows no serial number" }
    do {
      guard let serial = try talk.serial() else { return "it reports no serial number" }
      guard let configured = device.serial else { return "serial number \(serial), none configured" }
      return serial == configured
        ? "serial number \(serial), as configured"
        : "SERIAL NUMBER \(serial) WHERE \(configured) IS CONFIGURED: the agent will not write it"
    } catch {
      return "its serial number cannot be read: \(error)"
    }
  }

  static func json(
    _ talk: DeviceTalk, _ device: SiteConfiguration.ModbusDevice, _ bus: SiteConfiguration.ModbusBus,
    _ poll: DeviceTalk.Poll
  ) -> String {
    var json = JSONText()
    json.object { json in
      json.member("device", device.id.name)
      json.member("profile", device.profile.name)
      json.member("at", bus.endpoint.text)
      json.member("unit", device.unit)
      json.member("duration_ms", poll.duration.milliseconds)
      if let configured = device.serial { json.member("configured_serial", configured) }
      if poll.sample != nil, let serial = try? talk.serial() { json.member("serial", serial) }
      if let map = talk.models {
        json.key("models")
        json.array { json in for model in map.models { json.value(model.id) } }
      }
      if let trouble = poll.trouble { json.member("trouble", trouble) }
      if let sample = poll.sample { points(sample, &json) { talk.origins(of: $0) } }
    }
    return json.text
  }

  /// - Parameter origins: the registers of a point; empty for one that has none.
  static func points(_ sample: Sample, _ json: inout JSONText, origins: (Point) -> [DeviceTalk.Origin]) {
    json.member("measured_ms", sample.measured.wall.milliseconds)
    json.key("points")
    json.object { json in
      for reading in sample.readings {
        json.key(reading.point.rawValue)
        json.object { json in
          if let value = reading.value { json.member("value", value, decimals: reading.point.decimals) }
          json.member("quality", reading.quality.rawValue)
          let origins = origins(reading.point)
          guard !origins.isEmpty else { return }
          json.key("registers")
          json.array { json in for origin in origins { register(origin, &json) } }
        }
      }
    }
  }

  private static func register(_ origin: DeviceTalk.Origin, _ json: inout JSONText) {
    json.object { json in
      json.member("space", origin.registers.space.rawValue)
      json.member("address", origin.registers.start)
      json.key("words")
      guard let words = origin.words else { return json.null() }
      json.array { json in for word in words { json.value(word) } }
    }
  }
}
