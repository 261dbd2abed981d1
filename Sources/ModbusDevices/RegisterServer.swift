import DeviceProfile
import EnergyModel
import Glibc
import Synchronization
import Threads

/// Lets others read through us what inverters that serve one client have told us: Modbus TCP, read only, from the
/// registers that were read last. It has a thread of its own, so that nobody's slow reading delays a bus.
final class RegisterServer: Sendable {
  static let mostClients = 8
  static let idleLimit = Duration.seconds(300)
  /// A request that does not come to its end.
  static let requestLimit = Duration.seconds(5)
  /// After the address could not be had.
  static let retry = Duration.seconds(30)

  private let bus: String
  private let address: ServedAddress
  let store: RegisterStore
  private let time: any TimeSource
  private let events: any EventSink
  private let wakeup = Wakeup()
  private let isStopped = Mutex(false)

  init(bus: String, _ address: ServedAddress, store: RegisterStore, time: any TimeSource, events: any EventSink) {
    self.bus = bus
    self.address = address
    self.store = store
    self.time = time
    self.events = events
  }

  func start() -> OwnThread { OwnThread(name: "serve-\(bus)") { self.run() } }

  func stop() {
    isStopped.withLock { $0 = true }
    wakeup.ring()
  }

  private var mustGoOn: Bool { isStopped.withLock { !$0 } }

  private func run() {
    var isTold = false
    while mustGoOn {
      guard let listener = ListeningSocket(address) else {
        if !isTold { tell("register-server-failed", .warning, "cannot serve registers at \(address): \(Self.reason)") }
        isTold = true
        wakeup.wait(until: .current + Self.retry)
        continue
      }
      tell("register-server-started", .info, "serves the registers of bus \(bus) at \(address), read only")
      serve(listener)
      listener.close()
    }
  }

  private func serve(_ listener: ListeningSocket) {
    var clients: [ServedClient] = []
    while mustGoOn {
      var entries = [listener.descriptor, wakeup.descriptor].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      entries += clients.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
      let now = MonotonicInstant.current
      let deadline = clients.map(\.deadline).min()
      let wait = deadline.map { Int32(clamping: max(0, ($0 - now).milliseconds) + 1) } ?? -1
      guard poll(&entries, nfds_t(entries.count), wait) >= 0 || errno == EINTR else { break }
      if entries[1].revents != 0 { wakeup.reset() }
      let woken = MonotonicInstant.current
      for index in clients.indices {
        if entries[index + 2].revents != 0 { clients[index].receive(from: store, at: woken) }
        if clients[index].deadline <= woken { clients[index].end() }
      }
      clients.removeAll { $0.hasEnded }
      if entries[0].revents != 0, let client = listener.accept() {
        if clients.count < Self.mostClients {
          clients.append(ServedClient(client, at: woken))
        } else {
          Glibc.close(client)
        }
      }
    }
    for index in clients.indices { clients[index].end() }
  }

  private static var reason: String { String(cString: strerror(errno)) }

  private func tell(_ name: String, _ severity: Event.Severity, _ text: String) {
    events.post(Event(at: time.now(), name: name, severity: severity, text: text, data: ["bus": .text(bus)]))
  }
}

/// Somebody who reads through us. At worst the connection ends.
private struct ServedClient {
  let descriptor: Int32
  private(set) var hasEnded = false
  private var reader = RequestReader()
  private var lastHeard: MonotonicInstant
  private var incompleteSince: MonotonicInstant?

  init(_ descriptor: Int32, at now: MonotonicInstant) {
    self.descriptor = descriptor
    lastHeard = now
  }

  /// When the connection is ended unless something comes.
  var deadline: MonotonicInstant {
    min(lastHeard + RegisterServer.idleLimit, incompleteSince.map { $0 + RegisterServer.requestLimit } ?? .distant)
  }

  mutating func receive(from store: RegisterStore, at now: MonotonicInstant) {
    var bytes = [UInt8](repeating: 0, count: 2048)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
    guard count > 0 else {
      if count == 0 || errno != EAGAIN && errno != EINTR { end() }
      return
    }
    lastHeard = now
    guard let requests = try? reader.read(bytes[..<count]) else { return end() }
    incompleteSince = reader.isWithinRequest ? incompleteSince ?? now : nil
    for request in requests {
      let answer = request.answer(from: store, at: now)
      // A client that asks and does not read is not waited for.
      let sent = send(descriptor, answer, answer.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL))
      guard sent == answer.count else { return end() }
    }
  }

  mutating func end() {
    guard !hasEnded else { return }
    hasEnded = true
    close(descriptor)
  }
}

extension MonotonicInstant {
  fileprivate static let distant = MonotonicInstant(nanoseconds: .max)
}
