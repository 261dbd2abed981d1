import DeviceProfile
import EnergyDispatch
import EnergyModel

extension SiteReader {
  /// What a device measures: `measures: grid`, or the name of a consumer or source and the meter above it.
  func readMeasuring(
    _ section: ConfigSection, into entry: inout DeviceEntry, profile: DeviceProfile?, maximumAge: Duration
  ) {
    let id = DeviceID(entry.name)
    if let measures = section["measures"], measures.written == "grid" {
      entry.gridMeter = .init(device: id, maximumAge: maximumAge)
      section["below"]?.refuse("the meter at the connection is below no other")
    } else if let measures = section["measures"] {
      entry.measured = measures.text("grid, or the name of a device or load")
      if !section.has("below"), entry.measured != nil {
        section.refuse(missing: "below", "missing: expected the name of the meter above it, such as grid-meter")
      }
    }
    if let below = section["below"], entry.gridMeter == nil {
      entry.meterAbove = below.text("the name of the meter above it")
    }
    if let measures = section["measures"] ?? section["below"], let profile,
      !profile.points.contains(where: { $0.point == .power })
    {
      measures.refuse("profile \(profile.name) has no power_w")
    }
    entry.maximumAge = maximumAge
    guard let generator = section["generator"] else { return }
    if let profile, !profile.points.contains(where: { $0.point == .power }) {
      generator.refuse("profile \(profile.name) has no power_w")
    }
    let rated = ConfigSection(generator, keys: ["rated"])?.required("rated", "what it gives, such as 8 kW")?.power()
    if let rated { entry.generator = .init(device: id, rated: rated, maximumAge: maximumAge) }
  }

  /// The tree of meters below the one at the connection.
  func subMeters(devices: [DeviceEntry], consumers: [String]) -> [SiteParameters.SubMeter] {
    let meters = devices.filter { $0.gridMeter != nil || $0.meterAbove != nil || $0.measured != nil }
    var found: [SiteParameters.SubMeter] = []
    for device in meters where device.gridMeter == nil {
      if let name = device.measured, let value = device.section?["measures"] {
        let names = devices.map(\.name).filter { $0 != device.name } + consumers
        if !names.contains(name) {
          value.refuse("there is no device or load of that name" + NearestName.hint(name, among: ["grid"] + names))
        } else if let first = found.first(where: { $0.measures == DeviceID(name) }) {
          value.refuse("measured by devices.\(first.device) already")
        }
      }
      guard let above = device.meterAbove, let value = device.section?["below"] else { continue }
      guard meters.contains(where: { $0.name == above && $0.name != device.name }) else {
        let names = meters.map(\.name).filter { $0 != device.name }
        value.refuse("there is no meter of that name" + NearestName.hint(above, among: names))
        continue
      }
      found.append(
        .init(
          device: DeviceID(device.name), parent: DeviceID(above), measures: device.measured.map { DeviceID($0) },
          maximumAge: device.maximumAge))
    }
    for meter in found where isAboveItself(meter, in: found) {
      let device = devices.first { $0.name == meter.device.name }
      device?.section?["below"]?.refuse("goes round in a circle: no way leads to the meter at the connection")
    }
    let generators = devices.filter { $0.generator != nil }
    if let second = generators.dropFirst().first {
      second.value.refuse("is a generator, and so is devices.\(generators[0].name): a site has one")
    }
    return found
  }

  private func isAboveItself(_ meter: SiteParameters.SubMeter, in meters: [SiteParameters.SubMeter]) -> Bool {
    var next: SiteParameters.SubMeter? = meter
    for _ in meters {
      next = meters.first { $0.device == next?.parent }
      if next == nil { return false }
    }
    return next != nil
  }
}
