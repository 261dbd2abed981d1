import Foundation
import SiteClient
import SiteStage

/// The live table. On a terminal it is drawn over itself; into a file it becomes a line every five seconds.
final class Screen {
  private let stage: SiteStage
  private let isTerminal = isatty(STDOUT_FILENO) == 1
  private var drawnLines = 0
  private var count = 0

  init(stage: SiteStage) {
    self.stage = stage
  }

  func introduce() {
    print(
      """

      Holdfast demo: one simulated site on loopback.
        page     http://127.0.0.1:\(stage.ports.page)/
        uplink   mosquitto_sub -h 127.0.0.1 -p \(stage.ports.broker) -v -t 'holdfast/v1/#'
        explain  \(stage.options.programs.path)/holdfast explain --api 127.0.0.1:\(stage.ports.page)
        stop     Ctrl-C

      """)
    fflush(nil)
  }

  func show(_ site: SiteReport) {
    count += 1
    if isTerminal {
      if drawnLines > 0 { print("\u{1B}[\(drawnLines)A\u{1B}[J", terminator: "") }
      let lines = table(site)
      drawnLines = lines.count
      print(lines.joined(separator: "\n"))
    } else if count % 5 == 1 {
      print(brief(site))
    }
    // Into a file or a pipe the lines should come when they happen.
    fflush(nil)
  }

  private func table(_ site: SiteReport) -> [String] {
    let balance = site.balance
    let rows: [(String, String)] = [
      ("grid", power(balance.gridPowerW) + direction(balance.gridPowerW, "import", "export")),
      ("PV", power(balance.pvPowerW)),
      ("battery", power(balance.batteryPowerW) + direction(balance.batteryPowerW, "discharging", "charging")),
      ("load", power(balance.loadPowerW)),
      ("car", power(value("car", "power_w", site)) + offered(value("car", "charging_current_limit_a", site))),
      ("heat pump", heatPump(value("heat-pump", "sg_ready_state", site))),
      ("SoC", balance.socPercent.map { String(format: "%8.1f %%", $0) } ?? "       – "),
      ("decision", site.decision?.sentence ?? "–"),
      (
        "journal",
        "\(site.journal.committedRecords) records in \(site.journal.commits) commits, \(site.journal.sizeBytes / 1024) KiB"
      ),
      ("uplink", site.uplinks.map(uplink).joined(separator: "; ")),
      ("setpoints", "\(site.setpoints.written) written, \(site.setpoints.confirmed) confirmed"),
    ]
    return wrapped(rows)
  }

  /// Long sentences are broken to the terminal's width, so that drawing over them hits the right lines.
  private func wrapped(_ rows: [(String, String)]) -> [String] {
    var size = winsize()
    let width = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 40 ? Int(size.ws_col) - 14 : 80
    return rows.flatMap { name, text -> [String] in
      var lines: [String] = []
      var line = ""
      for word in text.components(separatedBy: " ") {
        if line.count + word.count + 1 > width {
          lines.append(line)
          line = word
        } else {
          line += (line.isEmpty ? "" : " ") + word
        }
      }
      lines.append(line)
      return lines.enumerated().map { index, line in
        (index == 0 ? name : "").padding(toLength: 11, withPad: " ", startingAt: 0) + line
      }
    }
  }

  private func brief(_ site: SiteReport) -> String {
    let balance = site.balance
    return "grid\(power(balance.gridPowerW))  PV\(power(balance.pvPowerW))  battery\(power(balance.batteryPowerW))  "
      + "load\(power(balance.loadPowerW))  SoC \(balance.socPercent.map { "\($0) %" } ?? "–")\n  "
      + (site.decision?.sentence ?? "–") + "\n  journal \(site.journal.committedRecords) records, uplink "
      + site.uplinks.map(uplink).joined(separator: "; ")
  }

  private func uplink(_ uplink: SiteReport.Uplink) -> String {
    let state = uplink.connected ? "connected" : "offline"
    return "\(uplink.destination) \(state), \(uplink.sentRecords) sent, \(uplink.acknowledgedRecords) acknowledged"
  }

  private func value(_ device: String, _ point: String, _ site: SiteReport) -> Double? {
    site.devices.first { $0.id == device }?.values[point] ?? nil
  }

  private func offered(_ amperes: Double?) -> String {
    amperes.map { $0 > 0 ? String(format: " of at most %.0f A a phase", $0) : " paused" } ?? ""
  }

  /// SG-Ready.
  private func heatPump(_ state: Double?) -> String {
    let words = ["blocked", "as it likes", "may take more", "has to take more"]
    return state.flatMap { words.indices.contains(Int($0) - 1) ? words[Int($0) - 1] : nil } ?? "–"
  }

  private func power(_ watts: Double?) -> String {
    watts.map { String(format: "%8.0f W", $0) } ?? "       – "
  }

  private func direction(_ watts: Double?, _ positive: String, _ negative: String) -> String {
    guard let watts, abs(watts) >= 10 else { return "" }
    return " " + (watts > 0 ? positive : negative)
  }
}
