import EnergyModel
import Threads

/// The thermometer in the cellar: publishes `home/cellar/climate` every five seconds.
struct ClimateSensor: Sendable {
  let broker: BrokerAddress
  let seed: UInt64
  let stop: StopSign

  private static let topic = "home/cellar/climate"
  private static let interval = Duration.seconds(5)

  func run() {
    var climate = Climate(seed: seed)
    var due = MonotonicInstant.current
    BrokerConnection(broker: broker, stop: stop).run { client in
      guard MonotonicInstant.current >= due else { return true }
      due = .current + Self.interval
      return client.publish(climate.next(), to: Self.topic)
    }
  }
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
