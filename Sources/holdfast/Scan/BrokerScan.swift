import DeviceProfile
import EnergyModel
import MQTTDevices
import MQTTLink
import SiteConfig
import Synchronization
import Threads

/// Listens to a broker for a while. It subscribes and says nothing.
final class BrokerScan: Sendable {
  private struct State {
    var finder: SensorFinder
    var messages = 0
    var isConnected = false
    var failure: String?
  }

  private let state: Mutex<State>
  private let link: MQTTLink

  init(host: String, port: Int, user: String?, password: String?, profiles: [MQTTProfile], stop: ScanStop) {
    state = Mutex(State(finder: SensorFinder(profiles)))
    let name = "holdfast-scan-\(UInt32.random(in: 0...(.max)))"
    link = MQTTLink(
      settings: LinkSettings(
        clientID: name, host: host, port: port, user: user, password: password, liveSubscriptions: ["#"]),
      time: SystemTime(trust: .declared), seed: .random(in: 0...(.max)))
    link.start()
    Task { [weak self] in
      guard let events = self?.link.events() else { return }
      for await event in events {
        self?.take(event)
        stop.bell.ring()
      }
    }
  }

  deinit { link.stop() }

  private func take(_ event: LinkEvent) {
    state.withLock { state in
      switch event {
      case .connected: state.isConnected = true
      case .disconnected(let reason): state.failure = reason
      case .message(let message):
        state.messages += 1
        state.finder.hear(message)
      case .subscriptionRefused(let topic): state.failure = "the broker lets nobody listen to \(topic)"
      case .acknowledged: break
      }
    }
  }

  var found: [SensorFinder.Found] { state.withLock { $0.finder.found } }
  var messages: Int { state.withLock { $0.messages } }
  /// Why nothing was heard; nil while the broker is there.
  var failure: String? { state.withLock { $0.isConnected && $0.messages > 0 ? nil : $0.failure } }
}
