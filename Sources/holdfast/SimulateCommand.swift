import ArgumentParser
import EnergyDispatch
import EnergyModel
import Foundation
import SiteConfig
import SiteSimulation
import SiteSimulator

/// Runs the same control code against a model of the site.
struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Runs control against a model of the site: what it would have saved, cost and kept.",
    discussion: """
      The file of --data has one header line; its first column is the begin of an interval in local time \
      (2011-07-01 00:30:00), of the others one is consumption_kw or consumption_w, and one may be pv_kw or pv_w: means of \
      the interval. Without it, household and sky are made of the seed.

      With --seeds N no configuration is needed: N days of random sites are judged at every step; --faults lets things \
      go wrong on them. Each failure prints its seed, and --seed S repeats exactly that day. Exit code 1 where a day failed.
      """)

  @Argument(help: "The site's configuration.")
  var file: String?

  @Option(name: .customLong("profiles"), help: "A folder with device profiles; may be given several times.")
  var folders: [String] = []

  @Option(help: "Days to run, 1 to 36500.")
  var days = 7

  @Option(help: "The first day, as 2026-06-21, in the site's time zone; with --data the file's first by default.")
  var start: String?

  @Option(help: "A CSV file with consumption and, where it has it, production.")
  var data: String?

  @Option(help: "Another configuration on the same weather and demand, or 'none': no control.")
  var versus: String?

  @Flag(help: "Print JSON.")
  var json = false

  @Option(help: "Draw the run into an SVG file.")
  var plot: String?

  @Option(help: "Seconds of a step; 60, or 10 with --seeds.")
  var step: Double?

  @Option(help: "Judge so many random site-days.")
  var seeds: Int?

  @Option(
    help:
      "The seed of the weather and the household; with --faults, or without a configuration, of one random site-day.")
  var seed: UInt64?

  @Flag(help: "Let sensors, devices, clocks, channels and the agent fail on the random site-days.")
  var faults = false

  func validate() throws {
    if let step, !(0.1...900).contains(step) { throw ValidationError("--step is 0.1 to 900 s") }
    if let seeds, seeds < 1 { throw ValidationError("--seeds is 1 or more") }
    guard (1...36_500).contains(days) else { throw ValidationError("--days: \(days) is not 1 to 36500") }
    guard file != nil || seeds != nil || seed != nil else {
      throw ValidationError("a configuration, or --seeds N for random site-days")
    }
    if let start, Self.midnight(start) == nil { throw ValidationError("--start is a day like 2026-06-21") }
  }

  func run() throws {
    if let file, seeds == nil, !faults { return try runSite(file) }
    try SeedJudgement(
      first: seed ?? 1, count: seeds ?? 1, step: step ?? 10, hasFaults: faults, json: json,
      // Of one day the whole story is told.
      isTold: seeds == nil
    ).run()
  }

  private func runSite(_ file: String) throws {
    let series = try data.map(Self.series)
    // Before the work, so that a wrong path costs none.
    var drawing = try plot.map { try DumpOutput($0) }
    let main = try describe(file, series)
    let begin = begin(main, series)
    var runs: [(name: String, account: Account)] = []
    var trace = Trace(seconds: Double(days) * 86_400)
    runs.append((name(file), simulate(main, begin, .core) { trace.add($0, $1.plant) }))
    if let versus {
      let other = versus == "none" ? main : try describe(versus, series)
      runs.append((versus == "none" ? "none" : name(versus), simulate(other, begin, versus == "none" ? .none : .core)))
    }
    let report = Report(runs)
    print(json ? report.json : report.text)
    guard drawing != nil else { return }
    let local = begin + main.zone.offset(at: begin)
    let hour = Double((local.milliseconds / 60_000) % 1440) / 60
    let span = days == 1 ? "1 day" : "\(days) days"
    let chart = Chart(trace, title: "\(name(file)), \(span) from \(local.text().prefix(10))", firstHour: hour)
    try drawing?.write(chart.svg)
  }

  private func simulate(
    _ description: SiteDescription, _ begin: Timestamp, _ control: SiteLoop.Control,
    _ watch: (SiteLoop.Step, SiteLoop) -> Void = { _, _ in }
  ) -> Account {
    let seconds = step ?? 60
    var loop = SiteLoop(description, seed: seed ?? 1, start: begin, step: seconds, control: control)
    var account = Account(description.parameters)
    for _ in 0..<Int(Double(days) * 86_400 / seconds) {
      let done = loop.advance()
      account.add(done, loop)
      watch(done, loop)
    }
    return account
  }

  private func describe(_ file: String, _ series: DemandSeries?) throws -> SiteDescription {
    var options = ConfigurationOptions()
    options.file = file
    options.folders = folders
    let configuration = try options.load()
    var site = configuration.control
    // What it would do is the question, also where it only watches so far.
    site.mode = .control
    var description = SiteDescription(
      parameters: site, latitude: configuration.site.latitude, longitude: configuration.site.longitude,
      zone: configuration.site.timeZone)
    for installation in configuration.installations where installation.pvPeak > .zero {
      description.strings[installation.device] = [
        PVString(
          peak: installation.pvPeak.value, tilt: installation.tilt ?? 35,
          azimuth: installation.azimuth ?? (configuration.site.latitude < 0 ? 0 : 180))
      ]
    }
    description.series = series
    return description
  }

  private func begin(_ description: SiteDescription, _ series: DemandSeries?) -> Timestamp {
    // 2026-06-21 shows a day of much sun.
    let local = start.flatMap(Self.midnight) ?? series?.start ?? Timestamp(milliseconds: 1_782_000_000_000)
    return local - description.zone.offset(at: local)
  }

  private func name(_ file: String) -> String { URL(fileURLWithPath: file).deletingPathExtension().lastPathComponent }

  private static func series(_ file: String) throws -> DemandSeries {
    guard let bytes = FileManager.default.contents(atPath: file) else {
      complain("\(file): cannot be read")
      throw ExitCode(66)
    }
    do {
      return try DemandSeries(csv: String(decoding: bytes, as: UTF8.self))
    } catch {
      complain("\(file): \(error)")
      throw ExitCode(65)
    }
  }

  private static func midnight(_ text: String) -> Timestamp? {
    let parts = text.split(separator: "-").compactMap { Int($0) }
    guard parts.count == 3, text.count == 10 else { return nil }
    let date = CivilDate(year: parts[0], month: parts[1], day: parts[2])
    return date.exists ? Timestamp(milliseconds: Int64(date.daysSince1970) * 86_400_000) : nil
  }
}
