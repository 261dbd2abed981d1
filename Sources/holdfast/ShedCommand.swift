import ArgumentParser
import EnergyDispatch
import EnergyModel
import Foundation
import Gateway
import Journal
import SiteClient
import SiteConfig

struct ShedCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shed", abstract: "Load shedding, before it is needed.", subcommands: [ShedPlanCommand.self])
}

struct ShedPlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Shows what a limit of the import would switch off, in which order, what it costs and who notices.",
    discussion: """
      The plan is made by the code that sheds. It begins with the present state of the running agent, or where none
      answers with the ratings of the configuration: everything on, no sun, and batteries at their reserve or at --soc.
      A table of harder limits follows. Loads count with their ratings.

      Ends with 1 when the limit cannot be kept.
      """)

  @OptionGroup var options: ConfigurationOptions
  @OptionGroup var agent: AgentAddress
  @OptionGroup var state: StateOptions

  @Option(help: ArgumentHelp("The most that may be imported, such as 10kW.", valueName: "POWER"))
  var limit: String

  @Option(help: "How long the limit holds, 1 to 1440 minutes.")
  var minutes = 60

  @Option(name: .customLong("within"), help: "Minutes in which the import has to be below the limit, 0 to 60.")
  var reaction = 0

  @Option(help: "Without an agent: the state of charge of all batteries, percent.")
  var soc: Double?

  @Flag(help: "From the ratings of the configuration, whether or not an agent runs.")
  var ratings = false

  @Flag(help: "One JSON object: the plan, and the table as a list of plans.")
  var json = false

  func validate() throws {
    guard (1...1440).contains(minutes) else { throw ValidationError("--minutes: \(minutes) is not 1 to 1440") }
    guard (0...60).contains(reaction) else { throw ValidationError("--within: \(reaction) is not 0 to 60") }
    if let soc, !(0...100).contains(soc) { throw ValidationError("--soc: \(soc) is not 0 to 100") }
    guard try watts() >= 0 else { throw ValidationError("--limit: \(limit) is below zero") }
  }

  private func watts() throws -> Double {
    do { return try ArgumentMeasure.power(limit) } catch { throw ValidationError("--limit: \(error)") }
  }

  func run() async throws {
    let configuration = try options.load()
    let site = configuration.control
    let now = SystemTime(trust: configuration.site.clock).now()
    let (snapshot, source) = try await snapshot(configuration, now)
    let memory = source == nil ? nil : try savedMemory()
    let duration = Duration.seconds(minutes * 60)
    let within = Duration.seconds(reaction * 60)
    let plan = ShedPlan(
      site, snapshot, limit: try watts(), duration: duration, reaction: within, savedMemory: memory)
    let table = ShedPlan.severities(site, snapshot, duration: duration, reaction: within, savedMemory: memory)
    if json { print(text(plan, table, source)) } else { show(plan, table, source) }
    if !plan.isMet { throw ExitCode(1) }
  }

  /// - Returns: nil as the source where only ratings are known.
  private func snapshot(
    _ configuration: SiteConfiguration, _ now: Moment
  ) async throws -> (SiteSnapshot, source: String?) {
    let rated = ShedPlan.ratings(of: configuration.control, soc: soc, now: now)
    if ratings { return (rated, nil) }
    let report: SiteReport
    do {
      report = try await agent.client().site()
    } catch SiteClient.Failure.unreachable {
      return (rated, nil)
    } catch let failure as SiteClient.Failure {
      complain("holdfast: \(failure)")
      throw ExitCode(69)
    }
    guard report.site == configuration.site.id else {
      complain(
        "holdfast: the agent at \(agent.address) runs \(report.site), the configuration is of \(configuration.site.id)")
      throw ExitCode(78)
    }
    return (report.snapshot(at: now), agent.address)
  }

  /// What the agent remembers of turns and times; where the journal cannot be read, nobody's turn has been.
  private func savedMemory() throws -> [UInt8]? {
    do {
      return try JournalReader(folder: state.folder).state(ControlCycle.storeKey)
    } catch {
      complain("holdfast: whose turn it is among equals is not known: \(error)")
      return nil
    }
  }

  private func show(_ plan: ShedPlan, _ table: [ShedPlan], _ source: String?) {
    print(source.map { "From the present state of the agent at \($0)." } ?? "From the ratings of the configuration.")
    for line in plan.lines + [""] + ShedPlan.table(table) { print(line) }
  }

  private func text(_ plan: ShedPlan, _ table: [ShedPlan], _ source: String?) -> String {
    var json = JSONText()
    json.object { json in
      json.member("source", source == nil ? "ratings" : "agent")
      json.key("plan")
      plan.write(to: &json)
      json.key("severities")
      json.array { json in
        for plan in table { plan.write(to: &json) }
      }
    }
    return json.text
  }
}

extension SiteReport {
  /// What the agent sees, as control sees it; values keep their age.
  func snapshot(at now: Moment) -> SiteSnapshot {
    var snapshot = SiteSnapshot(now: now)
    for device in devices {
      let age = Duration.milliseconds(device.ageMs ?? 0)
      let measured = Moment(
        wall: now.wall - age, monotonic: now.monotonic - age, isClockTrusted: now.isClockTrusted)
      for (name, value) in device.values {
        guard let point = Point(rawValue: name) else { continue }
        let quality = device.quality[name].map { Quality(rawValue: $0) ?? .stale } ?? .good
        snapshot.observations[DeviceID(device.id), default: [:]][point] = Observation(
          value: value, quality: quality, measured: value == nil ? nil : measured)
      }
    }
    return snapshot
  }
}
