import EnergyDispatch
import EnergyModel

extension SiteReader {
  func readSite(_ value: ConfigValue) -> (site: SiteConfiguration.Site, mode: SiteParameters.Mode)? {
    let keys = ["id", "time_zone", "latitude", "longitude", "mode", "clock", "crash_guard"]
    guard let section = ConfigSection(value, keys: keys, later: ["autonomous"]) else { return nil }
    let id = section.required("id", "a name such as mill-lane-4").flatMap(siteName)
    let zone = section.required("time_zone", "a time zone such as Europe/Berlin").flatMap(timeZone)
    let latitude = section.required("latitude", "degrees north, such as 52.52")?
      .number(in: -90...90, what: "degrees north")
    let longitude = section.required("longitude", "degrees east, such as 13.40")?
      .number(in: -180...180, what: "degrees east")
    let mode = section["mode"].map {
      $0.choice(["monitor", "control"], what: "mode").flatMap(SiteParameters.Mode.init(rawValue:))
    }
    let clock = section["clock"].map {
      $0.choice(["system", "declared"], what: "clock").flatMap(SiteConfiguration.ClockTrust.init(rawValue:))
    }
    let crashGuard = section["crash_guard"].map(crashGuard) ?? .some(CrashGuard.Settings())
    guard let id, let zone, let latitude, let longitude, let mode = mode ?? .monitor, let clock = clock ?? .system
    else { return nil }
    let site = SiteConfiguration.Site(
      id: id, timeZone: zone, latitude: latitude, longitude: longitude, clock: clock, crashGuard: crashGuard)
    return (site, mode)
  }

  /// `off`, or how many crashes within which time are too many.
  private func crashGuard(_ value: ConfigValue) -> CrashGuard.Settings? {
    guard value.isMapping else {
      if value.written != "off" { value.refuse("expected off, or {crashes: 3, within: 10 min}") }
      return nil
    }
    guard let section = ConfigSection(value, keys: ["crashes", "within"]) else { return nil }
    var settings = CrashGuard.Settings()
    if let crashes = section["crashes"]?.integer(in: 2...20, what: "a number of crashes") { settings.crashes = crashes }
    if let within = section["within"]?.duration(in: .seconds(30)...(.seconds(86_400))) { settings.within = within }
    return settings
  }

  private func siteName(_ value: ConfigValue) -> String? {
    guard let text = value.text("a name such as mill-lane-4") else { return nil }
    guard ConfigValue.isName(text) else {
      value.refuse("a site's id becomes part of topics: use letters, digits, - and _, at most 64")
      return nil
    }
    return text
  }

  private func timeZone(_ value: ConfigValue) -> TimeZoneTable? {
    guard let text = value.text("a time zone such as Europe/Berlin") else { return nil }
    if let table = TimeZoneTransitions.table(text) { return table }
    let hint = TimeZoneTransitions.nearest(text).map { ": did you mean \($0)?" }
    value.refuse("unknown time zone" + (hint ?? ": expected a name such as Europe/Berlin"))
    return nil
  }
}
