import EnergyModel

extension SiteReader {
  func readUplinks(_ value: ConfigValue) -> [SiteConfiguration.Uplink] {
    value.namedEntries("a mapping of uplinks").compactMap { name, entry in
      let keys = ["mqtt", "user", "password_file", "certificate", "live_window"]
      guard let section = ConfigSection(entry, keys: keys, later: ["may", "log", "key", "acknowledge", "encoding"])
      else { return nil }
      let url = section.required("mqtt", "an address such as tls://vpp.example:8883")?.brokerURL()
      let user = credentials(section)
      let certificate = certificate(section, isEncrypted: url?.isEncrypted)
      let window = section["live_window"].map { $0.duration(in: .seconds(1)...(.seconds(3600))) } ?? .seconds(60)
      guard let url, let window else { return nil }
      return .init(
        name: DestinationID(name),
        broker: .init(
          host: url.host, port: url.port, user: user.name, passwordFile: user.passwordFile, certificate: certificate),
        liveWindow: window)
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
    guard let section = ConfigSection(value, keys: ["budget", "when_full", "commit_interval"], later: ["retention"])
    else { return nil }
    let budget = section.required("budget", "a size such as 200 MB")?.measure(.bytes, in: 20e6...1e12)
    _ = section["when_full"]?.choice(["drop-oldest"], later: ["thin-oldest"], what: "behaviour")
    let interval =
      section["commit_interval"].map { $0.duration(in: .milliseconds(250)...(.seconds(60))) } ?? .seconds(4)
    guard let budget, let interval else { return nil }
    return .init(budget: Int(budget), commitInterval: interval)
  }

  func readAPI(_ value: ConfigValue) -> SiteConfiguration.API? {
    guard let section = ConfigSection(value, keys: ["listen"], later: ["token", "certificate"]) else { return nil }
    return section.required("listen", "an address such as 127.0.0.1:8480")?.hostAndPort(defaultPort: nil)
      .map { .init(host: $0.host, port: $0.port) }
  }
}
