public import EnergyModel

/// What an installer keeps of a visit.
public struct VisitReport: Hashable, Sendable {
  public struct Device: Hashable, Sendable {
    public var id: DeviceID
    /// Nil of one on MQTT: the topics in its place say what it tells.
    public var profile: String?
    public var title: String
    /// Address and unit, or broker and topics.
    public var place: String
    /// As it reports it; nil where it does not.
    public var serial: String?
    /// The last that was heard before anything was tried; of one on MQTT the last at all.
    public var readings: [Reading]
    /// How old its last message was when the report was written; nil where it sends none.
    public var age: Duration?

    public init(
      id: DeviceID, profile: String?, title: String, place: String, serial: String?, readings: [Reading],
      age: Duration? = nil
    ) {
      self.id = id
      self.profile = profile
      self.title = title
      self.place = place
      self.serial = serial
      self.readings = readings
      self.age = age
    }

    fileprivate var sentence: String {
      let name = profile.map { "\(title) (profile `\($0)`)" } ?? title
      let known = serial.map { "serial number \($0)" } ?? "no serial number"
      let last = age.map { ", last message \($0.components.seconds) s before the end" } ?? ""
      return "\(name) at \(place), \(known)\(last)\(readings.isEmpty ? ": nothing was heard of it" : "")"
    }
  }

  public var site: String
  public var version: String
  /// In the site's words, such as `2026-06-21T10:30:00Z`.
  public var begun: String
  public var ended: String
  public var configurationFile: String
  private let configurationHash: String
  public var devices: [Device]
  public var findings: [Finding]
  /// What was not visited, because it was not asked for: then the site is not accepted, whatever was found.
  public var leftOut: [DeviceID]

  /// - Parameter configuration: the file's bytes.
  public init(
    site: String, version: String, begun: String, ended: String, configurationFile: String, configuration: [UInt8],
    devices: [Device], findings: [Finding], leftOut: [DeviceID] = []
  ) {
    self.site = site
    self.version = version
    self.begun = begun
    self.ended = ended
    self.configurationFile = configurationFile
    configurationHash = SHA256.hex(configuration)
    self.devices = devices
    self.findings = findings
    self.leftOut = leftOut
  }

  public var isAccepted: Bool { leftOut.isEmpty && findings.isAccepted }

  /// `12 passed, 1 failed, 2 open: not accepted`.
  public var verdict: String {
    func count(_ outcome: Finding.Outcome) -> Int { findings.filter { $0.outcome == outcome }.count }
    let counts = "\(count(.passed)) passed, \(count(.failed)) failed, \(count(.open)) open"
    if !leftOut.isEmpty, findings.isAccepted {
      return "\(counts): in order, and the site is not accepted without \(leftOut.map(\.name).joined(separator: ", "))"
    }
    return "\(counts): \(isAccepted ? "accepted" : "not accepted")"
  }

  public var markdown: String {
    var lines = [
      "# Commissioning of \(site)", "", "**\(verdict)**", "",
      "- from \(begun) to \(ended)", "- holdfast \(version)",
      "- configuration \(configurationFile), SHA-256 `\(configurationHash)`",
    ]
    if !leftOut.isEmpty { lines.append("- not visited: \(leftOut.map(\.name).joined(separator: ", "))") }
    lines += [
      "", "## Findings", "",
      "| Device | Check | Outcome | Seen |", "|---|---|---|---|",
    ]
    lines += findings.map { finding in
      let outcome = finding.outcome == .passed ? "passed" : "**\(finding.outcome.rawValue)**"
      let cells = [finding.device?.name ?? "site", finding.check, outcome, finding.text]
      return "| "
        + cells.map { $0.split(whereSeparator: { "|\n".contains($0) }).joined(separator: " ") }.joined(separator: " | ")
        + " |"
    }
    lines += ["", "## Devices"]
    for device in devices {
      lines += [
        "", "### \(device.id)", "", device.sentence,
      ]
      if !device.readings.isEmpty { lines += ["", "| Point | Value | Quality |", "|---|---|---|"] }
      lines += device.readings.map { reading in
        let value = reading.value.map { JSONText.decimal($0, reading.point.decimals) } ?? ""
        return "| `\(reading.point.rawValue)` | \(value) | \(reading.quality.rawValue) |"
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  public var json: String {
    var json = JSONText()
    json.object { json in
      json.member("site", site)
      json.member("accepted", isAccepted)
      json.member("begun", begun)
      json.member("ended", ended)
      json.member("version", version)
      json.member("configuration", configurationFile)
      json.member("configuration_sha256", configurationHash)
      json.key("not_visited")
      json.array { json in for device in leftOut { json.value(device.name) } }
      json.key("findings")
      json.array { json in for finding in findings { Self.write(finding, &json) } }
      json.key("devices")
      json.array { json in for device in devices { Self.write(device, &json) } }
    }
    return json.text + "\n"
  }

  private static func write(_ finding: Finding, _ json: inout JSONText) {
    json.object { json in
      if let device = finding.device { json.member("device", device.name) }
      json.member("check", finding.check)
      json.member("outcome", finding.outcome.rawValue)
      json.member("text", finding.text)
    }
  }

  private static func write(_ device: Device, _ json: inout JSONText) {
    json.object { json in
      json.member("device", device.id.name)
      if let profile = device.profile { json.member("profile", profile) }
      json.member("at", device.place)
      if let serial = device.serial { json.member("serial", serial) }
      if let age = device.age { json.member("age_s", Int(age.components.seconds)) }
      json.key("values")
      json.object { json in
        for reading in device.readings where reading.quality == .good {
          json.member(reading.point.rawValue, reading.value ?? .nan, decimals: reading.point.decimals)
        }
      }
    }
  }
}
