import EnergyModel
import SiteSimulator
import Threads

/// A device on MQTT: says its values every few seconds and whenever it was switched or asked, with a last will.
struct MQTTDevice: Sendable {
  /// As the bench knows it.
  let name: String
  let image: MQTTImage
  let broker: BrokerAddress
  let bench: SharedBench
  let stop: StopSign

  private static let interval = Duration.seconds(5)

  func run() {
    var connection = BrokerConnection(broker: broker, stop: stop, subscriptions: image.subscriptions)
    connection.will = image.will.map { .init(topic: $0.topic, payload: $0.payload) }
    var due: MonotonicInstant?
    connection.run(
      mayConnect: {
        due = nil
        return saying?.isGone == false
      },
      { client in
        let now = MonotonicInstant.current
        if due == nil, let greeting = image.greeting, !publish(greeting, client) { return false }
        var tells = due.map { now >= $0 } ?? true
        for message in client.takeMessages() {
          tells = bench.withLock { $0.hear(message.payload, on: message.topic, of: name) } || tells
        }
        guard let saying, !saying.isGone else { return false }
        guard tells else { return true }
        due = now + Self.interval
        return saying.messages.allSatisfy { publish($0, client) }
      })
  }

  private var saying: Bench.Saying? { bench.withLock { $0.saying(of: name, now: SystemClock.wall()) } }

  private func publish(_ message: MQTTImage.Message, _ client: BrokerClient) -> Bool {
    client.publish(message.payload, to: message.topic, retained: message.isRetained)
  }
}
