public import DeviceProfile
import EnergyModel

/// What was found behind one TCP port or on one serial line.
public struct ScannedBus: Sendable {
  public var endpoint: BusEndpoint
  public var units: [ScannedUnit]
  /// What is worth knowing beside its devices.
  public var notes: [String]

  public init(_ endpoint: BusEndpoint, units: [ScannedUnit] = [], notes: [String] = []) {
    self.endpoint = endpoint
    self.units = units.sorted { ($0.best?.unit ?? $0.unit) < ($1.best?.unit ?? $1.unit) }
    self.notes = notes
  }

  /// `192.168.1.40:502`, or the serial port.
  public var address: String {
    switch endpoint {
    case .tcp(let host, let port): "\(host.contains(":") ? "[\(host)]" : host):\(port)"
    case .serial(let path, _): path
    }
  }

  var framing: String {
    switch endpoint {
    case .tcp: "TCP"
    case .serial(_, let line): "RTU \(line)"
    }
  }
}

/// The result of a scan, as a table for people, as YAML to paste and as JSON.
public struct ScanReport: Sendable {
  public var buses: [ScannedBus]
  /// Why it ended early; nil where it did not.
  public var incomplete: String?

  public init(_ buses: [ScannedBus], incomplete: String? = nil) {
    self.buses = buses.map { ScannedBus($0.endpoint, units: $0.units, notes: $0.notes) }
    self.incomplete = incomplete
  }

  public var deviceCount: Int { buses.reduce(0) { $0 + $1.units.count } }
}

extension ScanReport {
  /// Lines of a table, and what else is to be said below it.
  public var table: [String] {
    var rows = [["ADDRESS", "UNIT", "LINK", "MAKER", "MODEL", "SERIAL", "PROFILE", "FIT", "ANSWERS IN"]]
    for bus in buses {
      for unit in bus.units {
        rows.append(row(bus, unit, unit.best))
        for part in unit.parts { rows.append(row(bus, unit, part)) }
      }
    }
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
    return (rows.count > 1 ? lines : []) + remarks
  }

  private func row(_ bus: ScannedBus, _ unit: ScannedUnit, _ match: ProfileMatch?) -> [String] {
    let name = match.map { $0.profile.name + ($0.profile.isExperimental ? " (experimental)" : "") }
    return [
      bus.address, "\(match?.unit ?? unit.unit)", bus.framing, unit.label.manufacturer ?? "-", unit.label.model ?? "-",
      match?.serial ?? unit.label.serial ?? "-", name ?? "-", match?.fit ?? "none",
      unit.roundTrip.map(Self.text) ?? "-",
    ]
  }

  private static func text(_ duration: Duration) -> String {
    var text = JSONText()
    text.value(Double(duration.nanoseconds) / 1e6, decimals: 1)
    return text.text + " ms"
  }

  private var remarks: [String] {
    buses.flatMap { bus in
      bus.notes.map { "\(bus.address): \($0)" }
        + bus.units.flatMap { unit in unit.remarks.map { "\(bus.address) unit \(unit.unit): \($0)" } }
    }
  }
}

extension ProfileMatch {
  /// How sure it is, in a word.
  public var fit: String {
    switch certainty {
    case .identified: "identified"
    case .likely: "likely"
    case .possible: "possible"
    case .vague: "vague"
    }
  }
}

extension ScannedUnit {
  static let mostShown = 6

  /// Reasons, doubts, what fits as well, what was read.
  var remarks: [String] {
    var remarks: [String] = []
    if let best {
      if !best.reasons.isEmpty { remarks.append("\(best.profile.name): " + best.reasons.joined(separator: ", ")) }
      if !best.doubts.isEmpty { remarks.append("but " + best.doubts.joined(separator: ", ")) }
      if !alternatives.isEmpty {
        let names = alternatives.prefix(Self.mostShown).map { "\($0.profile.name) (\($0.fit))" }
        remarks.append("fits as well: " + names.joined(separator: ", "))
      }
    } else if isUnfinished {
      remarks.append("answers, and was not looked at any further")
    } else {
      let vague = alternatives.prefix(Self.mostShown).map(\.profile.name).joined(separator: ", ")
      remarks.append(
        "answers, and no profile fits" + (vague.isEmpty ? "" : "; hardly anything speaks against \(vague)"))
      remarks += samples.map { "read \($0)" }
    }
    if coilCount > 0 { remarks.append("coils answer, \(coilCount) or more: relays (switch: BUS/\(unit)/coil/0)") }
    if inputCount > 0 {
      remarks.append("discrete inputs answer, \(inputCount) or more: contacts (profile: digital-input)")
    }
    if let map {
      remarks.append("SunSpec models at \(map.base): " + map.models.map { "\($0.id)" }.joined(separator: " "))
    }
    if ignoresUnits { remarks.append("answers under any unit") }
    if isUnfinished, best != nil { remarks.append("not looked at to the end") }
    return remarks
  }
}
