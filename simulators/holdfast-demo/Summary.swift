import Foundation
import SiteClient
import SiteStage

/// The unattended demo's judgement: everything must have flowed, and the energies that the agent
/// measured must agree with the simulator's own truth.
struct Summary {
  let stage: SiteStage
  /// The most that the balance may be off.
  static let tolerance = 0.02

  /// Prints the summary and answers what is wrong.
  func print() async throws -> [String] {
    let site = try await stage.client.site()
    var problems: [String] = []
    func row(_ name: String, _ value: UInt64) {
      Swift.print("  " + name.padding(toLength: 34, withPad: " ", startingAt: 0) + "\(value)")
      if value == 0 { problems.append("\(name) is zero") }
    }
    Swift.print("\nSummary")
    for device in site.devices { row("readings of \(device.id)", device.samples) }
    row("setpoints written", site.setpoints.written)
    row("setpoints confirmed", site.setpoints.confirmed)
    row("records committed", site.journal.committedRecords)
    row("records sent", site.uplinks.reduce(0) { $0 + $1.sentRecords })
    row("records acknowledged", site.uplinks.reduce(0) { $0 + $1.acknowledgedRecords })
    problems += try balance(site)
    for problem in problems { Swift.print("  PROBLEM: \(problem)") }
    if problems.isEmpty { Swift.print("  all of it flowed, and the balance agrees") }
    return problems
  }

  /// grid + inverter, as measured, is what the loads consumed, as the simulator knows it. Relative to
  /// what the site consumed or produced, whichever is more.
  private func balance(_ site: SiteReport) throws -> [String] {
    guard let from = site.energy.fromMs, let until = site.energy.untilMs,
      let truth = TrueEnergy(try Truth.read(stage.truthFile), from: from, until: until)
    else { return ["no energy was measured"] }
    let measured = site.energy.gridWh + site.energy.inverterWh
    let base = max(abs(truth.load), abs(truth.inverter))
    let error = base > 0 ? abs(measured - truth.load) / base : 1
    Swift.print(
      String(
        format:
          "  energy over %.0f s, measured (true): grid %.2f (%.2f) Wh, inverter %.2f (%.2f) Wh, load %.2f (%.2f) Wh",
        Double(until - from) / 1000, site.energy.gridWh, truth.grid, site.energy.inverterWh, truth.inverter, measured,
        truth.load))
    Swift.print(String(format: "  balance off by %.2f %% (at most %.0f %%)", error * 100, Self.tolerance * 100))
    return error <= Self.tolerance ? [] : ["the balance is off by more than \(Self.tolerance * 100) %"]
  }
}
