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
  @Option(help: "File that gets the truth, one line of JSON a second.") var truth: String?

  @Option(help: "File that gets every request, one line of JSON each.") var requests: String?

  func run() throws {
    // Before the first thread, so that all inherit it and the signals wait for sigwait below.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    let stop = StopSign()
    let bench = try SharedBench(
      site.bench(now: SystemClock.wall()), requests: requests.map(RequestFile.init(path:)))
    let listeners = try ports.listen()
    let truthFile = try truth.map(TruthFile.init(path:))
    var threads = [
      OwnThread(name: "physics") { Physics(bench: bench, truth: truthFile, stop: stop).run() },
      OwnThread(name: "modbus") { ModbusServer(bench: bench, listeners: listeners, stop: stop).run() },
    ]
    if let broker = ports.mqtt {
      let seed = site.seed
      threads.append(OwnThread(name: "climate") { ClimateSensor(broker: broker, seed: seed, stop: stop).run() })
    }
    sayReady(listeners)

    var received: Int32 = 0
    sigwait(&signals, &received)
    stop.raise()
    for thread in threads { thread.join() }
  }

  private func sayReady(_ listeners: [Listener]) {
    var json = JSONText()
    json.object { json in
      json.member("ready", true)
      for listener in listeners { json.member(listener.device.name, listener.port) }
    }
    // At once, also into a pipe.
    (json.text + "\n").writeAll(to: STDOUT_FILENO)
  }
}

extension SiteBench.Device {
  var name: String {
    switch self {
    case .inverter: "inverter"
    case .meter: "meter"
    case .relay: "relay"
    case .wallBox: "wallbox"
    }
  }
}
