import DeviceProfile
import EnergyModel

/// What was found, in the shape of a site's configuration.
extension ScanReport {
  /// `buses:` and `devices:` to paste; empty where no profile fits anything.
  public var yaml: [String] {
    var names = Names()
    var busLines: [String] = []
    var deviceLines: [String] = []
    var notes: [String] = []
    for bus in buses where bus.units.contains(where: { $0.best != nil || $0.coilCount + $0.inputCount > 0 }) {
      let name = names.unused(bus.nameInConfiguration)
      busLines += bus.linesInConfiguration(as: name)
      for unit in bus.units {
        notes += unit.contactLines(bus: name)
        for match in [unit.best].compactMap({ $0 }) + unit.parts {
          deviceLines += lines(match, unit, bus: name, as: names.unused(match.profile.name))
        }
      }
    }
    let devices = deviceLines.isEmpty ? [] : ["devices:"] + deviceLines
    return busLines.isEmpty ? [] : ["buses:"] + busLines + devices + notes
  }

  private func lines(_ match: ProfileMatch, _ unit: ScannedUnit, bus: String, as name: String) -> [String] {
    let profile = match.profile
    var lines = ["  # \(Self.comment(profile.title)), \(match.fit)"]
    if match == unit.best, !unit.alternatives.isEmpty {
      lines.append("  # fits as well: " + unit.alternatives.map(\.profile.name).joined(separator: ", "))
    }
    var entries = ["profile: \(profile.name)", "bus: \(bus)", "unit: \(match.unit)"]
    if profile.serial != nil, let serial = match.serial { entries.append("serial: \(Self.quoted(serial))") }
    lines.append("  \(name): {\(entries.joined(separator: ", "))}")
    let points = Set(profile.points.map(\.point))
    if profile.isExperimental, !profile.commands.isEmpty {
      lines.append("  #   experimental: confirmed   # once it was tried: until then it is only read")
    }
    if points.contains(.energyImport), points.contains(.power), profile.commands.isEmpty {
      lines.append("  #   measures: grid   # where it is the meter at the connection")
    }
    if points.contains(.pvPower) || points.contains(.soc) && points.contains(.power) {
      lines.append("  #   ac_limit, pv and battery make it an inverter that is controlled")
    }
    if profile.commands.contains(where: { $0.parameters.contains(.chargingCurrent) }) {
      lines.append("  #   current, failsafe and phases make it a charger that is controlled")
    }
    return lines
  }

  /// In double quotes, as YAML wants it.
  public static func quoted(_ text: String) -> String {
    "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : "\($0)" }.joined() + "\""
  }

  private static func comment(_ text: String) -> String { text.map { $0.isNewline ? " " : "\($0)" }.joined() }
}

/// Each once.
private struct Names {
  private var taken: Set<String> = []

  mutating func unused(_ name: String) -> String {
    var candidate = name
    var number = 2
    while !taken.insert(candidate).inserted {
      candidate = "\(name)-\(number)"
      number += 1
    }
    return candidate
  }
}

extension ScannedBus {
  var nameInConfiguration: String {
    switch endpoint {
    case .tcp(let host, let port): Self.name("tcp-\(host)" + (port == 502 ? "" : "-\(port)"))
    case .serial(let path, _): Self.name("line-" + (path.split(separator: "/").last ?? "serial"))
    }
  }

  /// Letters, digits and dashes, at most 60.
  private static func name(_ text: String) -> String {
    let clean = text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? "\($0)" : "-" }.joined()
    return String(clean.split(separator: "-").joined(separator: "-").prefix(60))
  }

  func linesInConfiguration(as name: String) -> [String] {
    switch endpoint {
    case .tcp: return ["  \(name): {modbus_tcp: \(ScanReport.quoted(address))}"]
    case .serial(let path, let line):
      let several = Set(units.compactMap { $0.best?.profile.name }).count > 1 ? ", pause: 150 ms" : ""
      let comment =
        ["/dev/ttyUSB", "/dev/ttyACM"].contains(where: path.hasPrefix)
        ? ["  # this name goes to another adapter after a restart: take the one in /dev/serial/by-id"] : []
      return comment + ["  \(name): {modbus_rtu: \(ScanReport.quoted(path)), line: \(line)\(several)}"]
    }
  }
}

extension ScannedUnit {
  /// Relays and contacts, which a site gives their meaning.
  fileprivate func contactLines(bus: String) -> [String] {
    var lines: [String] = []
    if coilCount > 0 {
      lines.append(
        "# below loads:, where a relay of it switches one: {switch: \(bus)/\(unit)/coil/0, rated: …, shed: 1}")
    }
    if inputCount > 0 {
      lines.append(
        "# below devices:, a contact on it: {profile: digital-input, bus: \(bus), unit: \(unit), input: 0, active: open}"
      )
    }
    return lines
  }
}
