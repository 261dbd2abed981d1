public import EnergyModel
import Foundation
import MQTTLink
import Synchronization

/// Sees what arrives live, straight at the broker, and how old it is.
public final class LiveWatch: Sendable {
  private struct Arrival {
    /// When it was measured, ms.
    var measured: Int64
    /// s.
    var age: Double
  }

  private let link: MQTTLink
  /// By seq; of what comes twice the first counts.
  private let arrivals = Mutex<[UInt64: Arrival]>([:])

  public init(port: Int, time: any TimeSource) {
    link = MQTTLink(
      settings: LinkSettings(
        clientID: "watch", host: "127.0.0.1", port: port, subscriptions: ["holdfast/v1/\(DrivenSite.name)/telemetry"]),
      time: time, seed: 3)
  }

  public func start() { link.start() }

  /// ``run()`` returns.
  public func stop() {
    link.stop()
    link.join()
  }

  public func run() async {
    for await event in link.events() {
      guard case .message(let message) = event,
        let object = try? JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any],
        let records = object["records"] as? [[String: Any]]
      else { continue }
      let now = message.received.wall.milliseconds
      arrivals.withLock { arrivals in
        for record in records {
          guard let seq = (record["seq"] as? NSNumber)?.uint64Value, let time = (record["t"] as? NSNumber)?.int64Value,
            arrivals[seq] == nil
          else { continue }
          arrivals[seq] = Arrival(measured: time, age: Double(now - time) / 1000)
        }
      }
    }
  }

  /// The ages on arrival of what was measured at `since` and later, s, in order.
  public func ages(since: Timestamp) -> [Double] {
    arrivals.withLock { $0.values.filter { $0.measured >= since.milliseconds }.map(\.age) }.sorted()
  }
}
