import EnergyDispatch
import EnergyModel

struct Limits {
  var fuse: SiteParameters.Fuse?
  var baseLoad = Watts(0)
  var feedIn: SiteParameters.FeedInCap?
  var demand: SiteParameters.Demand?
  /// Where the limits are written.
  var section: ConfigSection?
}

extension SiteReader {
  func readLimits(_ value: ConfigValue, devices: [DeviceEntry]) -> Limits {
    guard
      let section = ConfigSection(value, keys: ["fuse", "base_load", "feed_in", "demand"], later: ["controllable"])
    else { return Limits() }
    var limits = Limits(section: section)
    limits.fuse = section["fuse"].flatMap(fuse)
    if let base = section["base_load"]?.measure(.power, in: 0...10e6) { limits.baseLoad = Watts(base) }
    if section.has("fuse"), !section.has("base_load") {
      section.refuse(missing: "base_load", "missing: beside a fuse say what the house takes that nothing can switch")
    }
    limits.feedIn = section["feed_in"].flatMap { feedIn($0, devices: devices) }
    limits.demand = section["demand"].flatMap(readDemand)
    return limits
  }

  private func fuse(_ value: ConfigValue) -> SiteParameters.Fuse? {
    guard let text = value.text("phases and a current such as 3 x 35 A"),
      let (phases, rating) = value.accepted(Measure.multiple(text, .current))
    else { return nil }
    guard phases == 1 || phases == 3 else {
      value.refuse("a connection has 1 or 3 phases")
      return nil
    }
    guard rating > 0, rating <= 10_000 else {
      value.refuse("out of range: a fuse has more than 0 A and at most 10000 A")
      return nil
    }
    return .init(phases: phases, rating: Amperes(rating))
  }

  private func feedIn(_ value: ConfigValue, devices: [DeviceEntry]) -> SiteParameters.FeedInCap? {
    guard let section = ConfigSection(value, keys: ["at_most", "stored_in"]) else { return nil }
    let limit = section.required("at_most", "a power such as 6 kW or 60 % of peak")
      .flatMap { feedInLimit($0, devices: devices) }
    let stored = section["stored_in"].map { storedIn($0, devices: devices) }
    guard let limit, let stored = stored ?? .some(.none) else { return nil }
    return .init(limit: limit, storedIn: stored)
  }

  /// A power, or a share of all installed PV.
  private func feedInLimit(_ value: ConfigValue, devices: [DeviceEntry]) -> Watts? {
    guard let text = value.text("a power such as 6 kW or 60 % of peak") else { return nil }
    guard text.contains("%") else { return value.measure(.power, in: 0...10e6).map { Watts($0) } }
    guard text.hasSuffix("of peak") else {
      value.refuse("a share of what? expected 60 % of peak or a power such as 6 kW")
      return nil
    }
    guard let share = value.accepted(Measure.value(Measure.trimmed(text.dropLast(7)), .percent)) else { return nil }
    guard (0...100).contains(share) else {
      value.refuse("out of range: a share of the peak is 0 to 100 %")
      return nil
    }
    let peak = devices.compactMap(\.hybrid).reduce(Watts(0)) { $0 + $1.pvPeak }
    if peak == .zero, !devices.contains(where: { $0.isHybrid && $0.hybrid == nil }) {
      value.refuse("no device has a pv: peak to take a share of")
      return nil
    }
    return peak * (share / 100)
  }

  private func storedIn(_ value: ConfigValue, devices: [DeviceEntry]) -> DeviceID? {
    guard let name = value.text("the name of a hybrid inverter") else { return nil }
    guard let device = devices.first(where: { $0.name == name }) else {
      value.refuse("there is no device of that name" + NearestName.hint(name, among: devices.map(\.name)))
      return nil
    }
    guard device.isHybrid else {
      value.refuse("\(name) is no hybrid inverter (it has no ac_limit), so it cannot hold a feed-in cap")
      return nil
    }
    return DeviceID(name)
  }
}
