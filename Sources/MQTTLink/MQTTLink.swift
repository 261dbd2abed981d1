import CMosquitto
public import EnergyModel
import Synchronization
import Threads

/// One connection to one MQTT broker, carried by a thread of its own. It connects, keeps trying, and says
/// what happens; what is worth sending again after a disconnection is the owner's business.
///
/// Messages go only while connected and within the in-flight window. An acknowledgement is the broker's
/// PUBACK for QoS 1 and the system's acceptance for QoS 0; neither means that anything is durable there.
/// The owner must read ``events()``: an acknowledgement frees its place in the window when it is read.
public final class MQTTLink: MessageLink, Sendable {
  private let settings: LinkSettings
  private let time: any TimeSource
  private let seed: UInt64
  private let desk: LinkDesk
  private let connector: Connector
  private let bell = Wakeup()
  private let life = Mutex(Life())

  private struct Life {
    var hasStarted = false
    var thread: OwnThread?
  }

  /// - Parameters:
  ///   - seed: of the jitter; give each link of a fleet another.
  ///   - acceptor: is given each message before the broker is told that it arrived.
  public convenience init(
    settings: LinkSettings, time: any TimeSource, seed: UInt64, acceptor: (any MessageAcceptor)? = nil
  ) {
    self.init(settings: settings, time: time, seed: seed, connector: Dial.real(acceptor: acceptor))
  }

  init(settings: LinkSettings, time: any TimeSource, seed: UInt64, connector: @escaping Connector) {
    self.connector = connector
    self.settings = settings
    self.time = time
    self.seed = seed
    desk = LinkDesk(window: InFlightWindow(messages: settings.inFlightWindow, bytes: settings.inFlightBytes))
  }

  /// A link that nobody holds any more ends by itself.
  deinit { stop() }

  /// Starts the thread; once.
  public func start() {
    life.withLock { life in
      guard !life.hasStarted, !desk.isStopping else { return }
      life.hasStarted = true
      life.thread = OwnThread(name: "mqtt") { [settings, time, seed, desk, bell, connector] in
        LinkThread(settings, time: time, seed: seed, desk: desk, bell: bell, connector: connector).run()
      }
    }
  }

  /// Hands a message to the link; true promises an ``EnergyModel/LinkEvent/acknowledged(_:)`` or a
  /// ``EnergyModel/LinkEvent/disconnected(reason:)``. False, with nothing kept, while not connected,
  /// stopping, or when the window is full — and, counted in ``droppedMessages``, for what MQTT cannot
  /// carry: a topic that is empty, too long, has wildcards or control characters, a payload of 256 MB, a QoS
  /// other than 0 or 1.
  public func publish(_ message: OutgoingMessage) -> Bool {
    guard Self.canCarry(message) else {
      desk.countRefused()
      return false
    }
    return desk.handOver(message, wake: bell.ring)
  }

  /// What happens, in order, to one reader; it ends after ``stop()``. Beyond 1024 unread messages or 4 MiB
  /// further ones are dropped and counted, unless the settings leave them with the broker; acknowledgements and
  /// changes of state never.
  ///
  /// An attempt that fails is told as a disconnection too, each reason once until a connection succeeds.
  public func events() -> AsyncStream<LinkEvent> {
    AsyncStream { [desk, bell] in
      let event = await desk.nextEvent()
      if desk.takeRelief() { bell.ring() }
      return event
    }
  }

  /// True from the broker's acceptance until the connection is lost.
  public var isConnected: Bool { desk.isConnected }

  /// Received messages that found no room, and messages refused because MQTT cannot carry them.
  public var droppedMessages: UInt64 { desk.droppedMessages }

  /// Topics that the broker did not let this link subscribe to on the present connection.
  public var refusedSubscriptions: [String] { desk.refusedSubscriptions }

  /// Asks the link to end and returns at once: what was handed over is still sent and acknowledged if
  /// that takes no more than 2 s, then the broker is told goodbye. Publish a last status before.
  public func stop() {
    desk.requestStop()
    // Without a thread nobody else ends the stream.
    if !life.withLock({ $0.hasStarted }) { desk.end() }
    bell.ring()
  }

  /// The clock was driven on: the thread looks at it now, because it waits by the system's.
  package func lookAtClock() { bell.ring() }

  /// Blocks until the thread has ended, after ``stop()``: about 2 s. A name look-up that
  /// hangs is not waited for.
  public func join() {
    let running = life.withLock { life in
      defer { life.thread = nil }
      return life.thread
    }
    running?.join()
  }

  /// What the library would refuse on the link's thread, where it is too late to say no.
  private static func canCarry(_ message: OutgoingMessage) -> Bool {
    let topicLength = message.topic.utf8.count
    return (0...1).contains(message.qualityOfService) && (1...65535).contains(topicLength)
      && mosquitto_pub_topic_check2(message.topic, topicLength) == 0
      // Refuses NUL and other control characters (MQTT 3.1.1, 1.5.3).
      && mosquitto_validate_utf8(message.topic, Int32(topicLength)) == 0
      && message.payload.count + topicLength + 4 <= largestPacket
  }

  /// The largest remaining length of a packet (MQTT 3.1.1, 2.2.3).
  private static let largestPacket = 268_435_455
}
