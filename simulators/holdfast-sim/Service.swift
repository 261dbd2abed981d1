import ArgumentParser
import CMosquitto
import EnergyModel
import Glibc
import SiteSimulator
import Threads

/// What every way of serving takes.
struct ServiceOptions: ParsableArguments {
  @Option(help: "HOST:PORT of the broker for the MQTT devices and the orders for faults; without it, there are none.")
  var mqtt: BrokerAddress?
  @Option(help: "Topic that takes orders for faults, such as: meter silence for 30. They are answered on TOPIC/result.")
  var faultTopic = "holdfast-sim/fault"
  @Option(
    help: "File with lines SECONDS DEVICE FAULT [ARGUMENTS] [for SECONDS] [chance SHARE], or SECONDS DEVICE heal.")
  var faults: String?
  @Option(help: "File that gets every request, one line of JSON each.") var requests: String?

  func addFaults(to bench: inout Bench) throws {
    guard let faults else { return }
    do {
      try bench.follow(try FaultScript(try readText(faults)))
    } catch let problem as FaultScript.Malformed {
      throw ValidationError("\(faults), line \(problem.line): \(problem.reason)")
    }
  }

  func requestFile() throws -> RequestFile? { try requests.map(RequestFile.init(path:)) }
}

/// The threads of a bench that is served until SIGTERM or SIGINT.
struct Service {
  let bench: SharedBench
  let broker: BrokerAddress?
  let faultTopic: String
  var listeners: [Listener] = []
  var lines: [PseudoTerminal] = []
  var truth: TruthFile?
  /// Devices on MQTT, by their names.
  var mqttDevices: [(name: String, image: MQTTImage)] = []
  /// Where there is a cellar.
  var climateSeed: UInt64?

  func run() throws {
    // Before the first thread, so that all inherit it and the signals wait for sigwait below.
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)

    mosquitto_lib_init()
    let stop = StopSign()
    let (bench, truth, listeners, lines) = (bench, truth, listeners, lines)
    var threads = [
      OwnThread(name: "physics") { Physics(bench: bench, truth: truth, stop: stop).run() },
      OwnThread(name: "modbus") { ModbusServer(bench: bench, listeners: listeners, lines: lines, stop: stop).run() },
    ]
    if let broker {
      let topic = faultTopic
      threads.append(
        OwnThread(name: "faults") { FaultControl(broker: broker, topic: topic, bench: bench, stop: stop).run() })
      for device in mqttDevices {
        let device = MQTTDevice(name: device.name, image: device.image, broker: broker, bench: bench, stop: stop)
        threads.append(OwnThread(name: "mqtt") { device.run() })
      }
      if let seed = climateSeed {
        threads.append(OwnThread(name: "climate") { ClimateSensor(broker: broker, seed: seed, stop: stop).run() })
      }
    }
    sayReady()

    var received: Int32 = 0
    sigwait(&signals, &received)
    stop.raise()
    for thread in threads { thread.join() }
    mosquitto_lib_cleanup()
  }

  private func sayReady() {
    var json = JSONText()
    json.object { json in
      json.member("ready", true)
      for listener in listeners { json.member(listener.name, listener.port) }
      for line in lines { json.member("rtu", line.path) }
    }
    // At once, also into a pipe.
    (json.text + "\n").writeAll(to: STDOUT_FILENO)
  }
}
