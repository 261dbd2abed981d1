import EnergyDispatch
import EnergyModel

extension SiteReader {
  func readUplinks(
    _ value: ConfigValue, loads: [LoadEntry], hasBattery: Bool
  ) -> [SiteConfiguration.Uplink] {
    var brokers: [String: String] = [:]
    return value.namedEntries("a mapping of uplinks").compactMap { name, entry in
      let keys = [
        "mqtt", "user", "password_file", "certificate", "live_window", "log", "logs", "acknowledge", "backfill",
        "monthly_data", "forecast", "may",
      ]
      guard let section = ConfigSection(entry, keys: keys, later: ["key", "encoding"]) else { return nil }
      let url = section.required("mqtt", "an address such as tls://vpp.example:8883")?.brokerURL()
      let user = credentials(section)
      let certificate = certificate(section, isEncrypted: url?.isEncrypted)
      let window = section["live_window"].map { $0.duration(in: .seconds(1)...(.seconds(3600))) } ?? .seconds(60)
      let logs = readLogs(section)
      let word = section["acknowledge"].map { value in
        value.choice(["broker", "receiver"], what: "acknowledgement").flatMap(Acknowledgement.init(rawValue:))
      }
      let rate = section["backfill"].map { $0.measure(.rate, in: 1e3...10e6) } ?? 125e3
      let monthly = section["monthly_data"].map { $0.measure(.bytes, in: 50e6...1e12) }
      let tellsForecast = section["forecast"].map { $0.yesOrNo() } ?? true
      let authority = section["may"].map { readAuthority($0, loads: loads, hasBattery: hasBattery) } ?? Authority()
      guard let url, let window, let logs, let word = word ?? .broker, let rate, let tellsForecast, let authority else {
        return nil
      }
      let broker = SiteConfiguration.Broker(
        host: url.host, port: url.port, user: user.name, passwordFile: user.passwordFile, certificate: certificate)
      if let other = brokers.updateValue(name, forKey: "\(broker.host.lowercased()):\(broker.port)") {
        entry.problems.add(
          line: entry.line, path: entry.path,
          "the same broker as uplinks.\(other): both would speak under the same topics, write logs: instead")
      }
      return .init(
        name: DestinationID(name), broker: broker, liveWindow: window, logs: logs, acknowledgedBy: word,
        backfillRate: Int(rate),
        monthlyData: (monthly ?? nil).map { Int($0) }, tellsForecast: tellsForecast, authority: authority)
    }
  }

  private func certificate(_ section: ConfigSection, isEncrypted: Bool?) -> String? {
    if isEncrypted == true, !section.has("certificate") {
      section.refuse(missing: "certificate", "missing: tls:// needs a PEM file with the authority to trust")
    }
    if isEncrypted == false {
      section["certificate"]?.refuse("tcp:// is not encrypted: write tls:// or leave this out")
    }
    return section["certificate"]?.existingFile(in: folder, what: "the certificate authority (PEM)")
  }

  func readJournal(_ value: ConfigValue) -> SiteConfiguration.Journal? {
    guard let section = ConfigSection(value, keys: ["budget", "when_full", "commit_interval", "retention"]) else {
      return nil
    }
    let budget = section.required("budget", "a size such as 200 MB")?.measure(.bytes, in: 20e6...1e12)
    let whenFull = section["when_full"].map { value in
      value.choice(["thin-oldest", "drop-oldest"], what: "behaviour").flatMap(WhenFull.init(rawValue:))
    }
    let interval =
      section["commit_interval"].map { $0.duration(in: .milliseconds(250)...(.seconds(60))) } ?? .seconds(4)
    let retention =
      section["retention"].map { $0.duration(in: .seconds(3600)...(.seconds(90 * 86_400))) } ?? .seconds(86_400)
    guard let budget, let interval, let retention, let whenFull = whenFull ?? .thinOldest else { return nil }
    return .init(budget: Int(budget), commitInterval: interval, whenFull: whenFull, retention: retention)
  }

  func readAPI(_ value: ConfigValue) -> SiteConfiguration.API? {
    guard let section = ConfigSection(value, keys: ["listen"], later: ["token", "certificate"]) else { return nil }
    return section.required("listen", "an address such as 127.0.0.1:8480")?.hostAndPort(defaultPort: nil)
      .map { .init(host: $0.host, port: $0.port) }
  }
}
