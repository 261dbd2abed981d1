import ArgumentParser
import Commissioning
import DeviceProfile
import EnergyDispatch
import EnergyModel
import Foundation
import SiteConfig
import Threads

/// Goes through a site with its installer.
struct CommissionCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "commission",
    abstract: "Tries a whole site: devices, serial numbers, signs, what can be written, and the report to keep.",
    discussion: """
      The agent must not run. Before a device is told anything, you are asked; it is released afterwards, also on Ctrl-C.
      Ends with 0 where nothing failed and nothing was left open of what was visited. With --only the report names the rest, and
      the site is not accepted by it.
      """)

  @OptionGroup var site: SiteFileOptions
  @OptionGroup var state: StateOptions

  @Option(help: "Where the report goes; .json or Markdown. Default: commission-SITE-DATE.md here.")
  var report: String?

  @Option(parsing: .upToNextOption, help: "These devices and loads alone.")
  var only: [String] = []

  @Flag(help: "Read alone: nothing is told to any device.")
  var readOnly = false

  @Flag(help: "Do not ask: everything is tried that needs no hand.")
  var yes = false

  func run() async throws {
    ProcessLimits.ignoreBrokenPipes()
    ProcessLimits.limitDescriptors()
    let configuration = try site.load()
    let bytes = FileManager.default.contents(atPath: site.file).map { Array($0) } ?? []
    for name in only { _ = try configuration.requirePlace(of: name) }
    let consent = readOnly ? Consent(isGiven: isatty(STDIN_FILENO) != 1) : try Consent.terminal(orYes: yes)
    let lock = try await AgentPresence.exclude(configuration, stateFolder: state.folder)
    defer { withExtendedLifetime(lock) {} }
    Interrupt.listen()
    try await OwnThread.run(name: "visit") { try visit(configuration, bytes, consent) }
  }

  private func visit(_ configuration: SiteConfiguration, _ bytes: [UInt8], _ consent: Consent) throws {
    let time = SystemTime(trust: configuration.site.clock)
    let begun = time.now().wall
    let path = report ?? "commission-\(configuration.site.id)-\(begun.text().prefix(10)).md"
    let visit = SiteVisit(
      configuration, only: Set(only.map { DeviceID($0) }), consent: consent, isReadOnly: readOnly)
    defer { visit.close() }
    let wasInterrupted = go(through: visit)
    if wasInterrupted {
      visit.note(Finding(nil, "visit", .open, "interrupted: what is not in this report was not tried"))
    }
    let result = VisitReport(
      site: configuration.site.id, version: agentVersion, begun: begun.text(), ended: time.now().wall.text(),
      configurationFile: site.file, configuration: bytes,
      devices: visit.wanted.map(\.reported) + visit.reportedSensors,
      findings: visit.findings.all, leftOut: configuration.deviceNames.filter { !visit.isWanted($0) })
    try write(path.hasSuffix(".json") ? result.json : result.markdown, to: path)
    print("\n\(result.verdict). Report: \(path)")
    if visit.isHolding { complain("holdfast: not released: \(visit.stillHeld)") }
    if wasInterrupted {
      complain("holdfast: interrupted" + (visit.isHolding ? "" : "; what was told to devices was released"))
      throw ExitCode(130)
    }
    guard result.findings.isAccepted else { throw ExitCode(1) }
  }

  /// True where somebody interrupted. Nothing stays written in any case.
  private func go(through visit: SiteVisit) -> Bool {
    defer { visit.releaseForGood() }
    let control = visit.configuration.control
    do throws(Interrupted) {
      visit.listen()
      try visit.survey()
      for hybrid in visit.hybrids where visit.isWanted(hybrid.id) {
        try visit.tryBattery(hybrid)
        visit.releaseAll()
        try visit.tryProduction(hybrid)
        visit.releaseAll()
      }
      try visit.tryCap()
      visit.releaseAll()
      for load in control.loads {
        try visit.tryLoad(load)
        visit.releaseAll()
      }
      for pump in control.heatPumps {
        try visit.tryHeatPump(pump)
        visit.releaseAll()
      }
      for charger in control.chargers {
        try visit.tryCharger(charger)
        visit.releaseAll()
      }
      for device in visit.wanted where device.profile.points.contains(where: { $0.point == .contact }) {
        try visit.tryContact(device)
      }
      try visit.askForKettles()
      try visit.hearSensors()
      visit.finish()
      return false
    } catch {
      visit.say("\nInterrupted.")
      return true
    }
  }

  private func write(_ text: String, to path: String) throws {
    do {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      complain("holdfast: cannot write \(path): \(error.localizedDescription)")
      throw ExitCode(73)
    }
  }
}
