import ArgumentParser
import EnergyModel
import Glibc
import SiteSimulator
import Threads

/// `holdfast-sim run`: serves until SIGTERM or SIGINT.
struct Run: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Serves the site on 127.0.0.1.")

  @OptionGroup var ports: PortOptions
  @OptionGroup var site: SiteOptions
  @OptionGroup var service: ServiceOptions
  @Option(help: "File that gets the truth, one line of JSON a second.") var truth: String?

  func run() throws {
    var bench = Bench(site: try site.bench(now: SystemClock.wall()), seed: site.seed)
    try service.addFaults(to: &bench)
    let names = SiteBench.Device.allCases.map(\.name)
    var service = Service(
      bench: try SharedBench(bench, busNames: names, requests: service.requestFile()), broker: service.mqtt,
      faultTopic: service.faultTopic)
    service.truth = try truth.map(TruthFile.init(path:))
    service.listeners = try ports.listen()
    service.lines = try ports.serialLines()
    service.climateSeed = site.seed
    try service.run()
  }
}
