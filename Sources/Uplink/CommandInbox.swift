public import EnergyModel
import Synchronization

/// The synchronous half of an uplink: takes `command` and `heartbeat/{channel}` on the link's own thread, before the broker
/// is told that they arrived. Everything else is left to the uplink.
public final class CommandInbox: MessageAcceptor {
  private let destination: DestinationID
  private let commandTopic: String
  private let heartbeatPrefix: String
  private let desk: any CommandPort
  /// Of messages that nobody can be answered about.
  private let warnings = Mutex(WarningPace(.seconds(60)))

  public init(_ settings: UplinkSettings, desk: any CommandPort) {
    destination = settings.destination
    commandTopic = settings.topic("command")
    heartbeatPrefix = settings.topic("heartbeat/")
    self.desk = desk
  }

  public func accept(_ message: IncomingMessage) -> Bool {
    if message.topic == commandTopic { return command(message) }
    if message.topic.hasPrefix(heartbeatPrefix) { hear(message) }
    return true
  }

  private func command(_ message: IncomingMessage) -> Bool {
    do throws(CommandText.Refusal) {
      let command = try CommandText.command(message.payload)
      return desk.accept(
        command, from: destination, isRetained: message.isRetained, received: message.received)
    } catch {
      refuse(error, message)
      return true
    }
  }

  private func hear(_ message: IncomingMessage) {
    // Retained it would be a sign of life with each connection.
    guard !message.isRetained else { return }
    do throws(CommandText.Refusal) {
      let sent = try CommandText.heartbeat(message.payload)
      desk.hear(
        String(message.topic.dropFirst(heartbeatPrefix.count)), sent: sent, from: destination,
        received: message.received)
    } catch {
      refuse(CommandText.Refusal(id: nil, text: "heartbeat: \(error.text)"), message)
    }
  }

  private func refuse(_ refusal: CommandText.Refusal, _ message: IncomingMessage) {
    if refusal.id == nil, !warnings.withLock({ $0.mayTell(at: message.received.monotonic) }) { return }
    desk.refuse(id: refusal.id, refusal.text, from: destination, received: message.received)
  }
}
