import EnergyModel
import SiteSimulator

/// Takes orders for faults from a topic, one in words a message, and answers each on `TOPIC/result`:
/// `{"order":"meter silence","outcome":"accepted","active":["meter silence"]}`, or `"refused"` with a `"reason"`.
struct FaultControl: Sendable {
  let broker: BrokerAddress
  let topic: String
  let bench: SharedBench
  let stop: StopSign

  func run() {
    let connection = BrokerConnection(broker: broker, stop: stop, subscriptions: [topic])
    connection.run { client in
      client.takeMessages().allSatisfy { message in
        client.publish(Self.text(bench.withLock { $0.order(message.payload) }), to: topic + "/result")
      }
    }
  }

  static func text(_ answer: Bench.OrderAnswer) -> String {
    var json = JSONText()
    json.object { json in
      json.member("order", answer.order)
      json.member("outcome", answer.refusal == nil ? "accepted" : "refused")
      if let refusal = answer.refusal { json.member("reason", refusal) }
      json.key("active")
      json.array { json in
        for order in answer.active { json.value(order) }
      }
    }
    return json.text
  }
}
