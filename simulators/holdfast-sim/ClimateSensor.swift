import CMosquitto
import EnergyModel
import Glibc
import Threads

/// The thermometer in the cellar: publishes `home/cellar/climate` every five seconds and connects again by
/// itself for ever.
///
/// libmosquitto's own reconnecting gives up or never begins in some cases, so each connection has a fresh
/// handle on this one thread.
struct ClimateSensor: Sendable {
  let broker: BrokerAddress
  let seed: UInt64
  let stop: StopSign

  private static let topic = "home/cellar/climate"
  private static let interval = Duration.seconds(5)

  func run() {
    mosquitto_lib_init()
    let bell = stop.bell()
    var climate = Climate(seed: seed)
    while !stop.isRaised {
      serveOneConnection(&climate)
      bell.wait(until: MonotonicInstant.current + .milliseconds(Int64.random(in: 300...1500)))
    }
    mosquitto_lib_cleanup()
  }

  private func serveOneConnection(_ climate: inout Climate) {
    guard let client = mosquitto_new(nil, true, nil) else { return }
    defer { mosquitto_destroy(client) }
    guard mosquitto_connect(client, broker.host, broker.port, 15) == MOSQ_ERR_SUCCESS.code else { return }
    var due = MonotonicInstant.current
    while !stop.isRaised {
      if MonotonicInstant.current >= due {
        due = due + Self.interval
        guard publish(climate.next(), with: client) else { return }
      }
      guard mosquitto_loop(client, 100, 1) == MOSQ_ERR_SUCCESS.code else { return }
    }
    mosquitto_disconnect(client)
  }

  private func publish(_ payload: String, with client: OpaquePointer) -> Bool {
    let result = payload.utf8CString.withUnsafeBufferPointer { text in
      mosquitto_publish(client, nil, Self.topic, Int32(text.count - 1), text.baseAddress, 0, false)
    }
    return result == MOSQ_ERR_SUCCESS.code
  }
}

extension mosq_err_t {
  fileprivate var code: Int32 { Int32(rawValue) }
}

/// Cool, damp, and hardly moving.
struct Climate: Sendable {
  private var state: UInt64
  private var temperature = 11.3
  private var humidity = 61.2

  init(seed: UInt64) { state = seed }

  /// The next measurement as JSON.
  mutating func next() -> String {
    temperature = min(14, max(9, temperature + 0.1 * step()))
    humidity = min(75, max(50, humidity + 0.3 * step()))
    var json = JSONText()
    json.object { json in
      json.member("temperature", temperature, decimals: 1)
      json.member("humidity", humidity, decimals: 1)
    }
    return json.text
  }

  /// −1...1, by the multiplicative generator of Knuth's MMIX.
  private mutating func step() -> Double {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Double(state >> 33) / Double(UInt32.max >> 2) - 1
  }
}
