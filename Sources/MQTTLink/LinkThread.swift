import EnergyModel
import Glibc
import Threads

/// The loop of one link: waits for the socket, the bell and the machine's deadline, and does what the
/// machine says. It waits with `poll`: the library's own loop uses `select`, which fails from file
/// descriptor 1024 on (traps, libmosquitto 10).
final class LinkThread {
  private let settings: LinkSettings
  private let time: any TimeSource
  private let desk: LinkDesk
  private let bell: Wakeup
  private let connector: Connector
  private var machine: LinkMachine
  private var dial: Dial?
  private var handle: MosquittoHandle?
  private var messages: [Int32: UInt64] = [:]
  private var subscriptions: [Int32: String] = [:]
  /// What OpenSSL has decrypted ahead does not show at the socket, and the library stops reading it early
  /// when errno is EAGAIN for another reason, so after a round that brought something the next does not wait.
  private var mayHaveMore = false
  /// The owner is behind: nothing is read until it has caught up.
  private var isHeldBack = false
  private var hasEnded = false

  init(
    _ settings: LinkSettings, time: any TimeSource, seed: UInt64, desk: LinkDesk, bell: Wakeup,
    connector: @escaping Connector
  ) {
    self.settings = settings
    self.time = time
    self.desk = desk
    self.bell = bell
    self.connector = connector
    machine = LinkMachine(
      keepAlive: .seconds(Int64(settings.keepAliveSeconds)), hasTwoRoutes: !settings.isHostAnAddress, seed: seed)
  }

  func run() {
    perform(machine.start(at: now))
    while !hasEnded {
      let readiness = wait()
      if desk.isStopping { perform(machine.stop(at: now)) }
      takeDial()
      do throws(LinkFailure) { try serve(readiness) } catch { lose(error) }
      if let handle, desk.isFlushed, !handle.wantsToWrite { perform(machine.flushed()) }
      perform(machine.tick(at: now))
    }
    desk.end()
  }

  private var now: MonotonicInstant { time.now().monotonic }

  // MARK: Waiting

  private struct Readiness {
    /// There is something to read, or the socket has failed.
    var isReadable = false
    /// Neither side can send any more.
    var hasHungUp = false
  }

  private func wait() -> Readiness {
    isHeldBack = settings.holdsBack && !isConnecting && desk.holdsBack()
    var entries = [pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)]
    if let handle, handle.socket >= 0 {
      let events = (isHeldBack ? 0 : Int32(POLLIN)) | (waitsToWrite(handle) ? Int32(POLLOUT) : 0)
      entries.append(pollfd(fd: handle.socket, events: Int16(events), revents: 0))
    }
    let count = poll(&entries, nfds_t(entries.count), timeout)
    guard count > 0 else { return Readiness() }
    if entries[0].revents != 0 { bell.reset() }
    guard entries.count > 1 else { return Readiness() }
    let told = entries[1].revents
    return Readiness(
      isReadable: told & ~Int16(POLLOUT) != 0, hasHungUp: told & Int16(POLLHUP | POLLERR | POLLNVAL) != 0)
  }

  /// In a TLS handshake the library always wants to write although it is the broker's turn: waiting for a
  /// writable socket would spin. It is called every 50 ms instead, and whenever something arrives.
  private func waitsToWrite(_ handle: MosquittoHandle) -> Bool {
    handle.wantsToWrite && !isInHandshake(handle)
  }

  private func isInHandshake(_ handle: MosquittoHandle) -> Bool { handle.isEncrypted && isConnecting }

  private var isConnecting: Bool {
    if case .connecting = machine.phase { true } else { false }
  }

  /// In milliseconds, for `poll`; -1 waits for the bell alone.
  private var timeout: Int32 {
    if mayHaveMore && !isHeldBack { return 0 }
    let remaining = machine.deadline.map { max(0, ($0 - now).nanoseconds) }
    let milliseconds = remaining.map { Int32(clamping: ($0 + 999_999) / 1_000_000) }
    guard let handle else { return milliseconds ?? -1 }
    // The library looks at its keepalive when called, once a second is its own step.
    return min(milliseconds ?? 1000, isInHandshake(handle) ? 50 : 1000)
  }

  // MARK: Serving the connection

  private func serve(_ readiness: Readiness) throws(LinkFailure) {
    guard let handle else { return }
    let isReadable = readiness.isReadable
    // In a handshake the library takes a refused or broken connection for one that is not ready yet, and
    // would do so until the time for connecting is up.
    let isInHandshake = isInHandshake(handle)
    if readiness.hasHungUp, isInHandshake { try handle.checkSocket() }
    let outbox = desk.takeOutbox()
    try send(outbox, on: handle)
    do throws(LinkFailure) {
      if isReadable || (mayHaveMore && !isHeldBack) { try handle.receive() }
      if isReadable { machine.heard(at: now) }
      // The library writes each message by itself, and the socket would send each as a packet of its own.
      if outbox.count > 1 { handle.holdPackets(true) }
      defer { if outbox.count > 1 { handle.holdPackets(false) } }
      try handle.transmit()
      if readiness.hasHungUp, isInHandshake { throw .hungUpInHandshake }
      // Before the broker's answer the library's keepalive would only cut the time for connecting short.
      if !isConnecting { try handle.tend() }
    } catch {
      // What was acknowledged before the end counts.
      _ = try takeSignals(of: handle)
      throw error
    }
    let hasTold = try takeSignals(of: handle)
    mayHaveMore = handle.isEncrypted && (isReadable || hasTold || (mayHaveMore && isHeldBack))
  }

  private func send(_ outbox: [OutgoingMessage], on handle: MosquittoHandle) throws(LinkFailure) {
    for message in outbox { messages[try handle.publish(message)] = message.id }
  }

  private func takeSignals(of handle: MosquittoHandle) throws(LinkFailure) -> Bool {
    let signals = handle.takeSignals()
    var told: [LinkEvent] = []
    defer { desk.post(told) }
    for signal in signals {
      switch signal {
      case .answered(0):
        handle.endListening()
        perform(machine.accepted(at: now))
      case .answered(let reason): throw LinkFailure(refusal: reason)
      case .published(let identifier):
        if let id = messages.removeValue(forKey: identifier) { told.tellAcknowledged(id) }
      case .subscribed(let identifier, let isGranted):
        let topic = subscriptions.removeValue(forKey: identifier)
        if let topic, !isGranted { told.append(.subscriptionRefused(topic: topic)) }
      case .message(let message): told.append(.message(message))
      }
    }
    return !signals.isEmpty
  }

  private func lose(_ failure: LinkFailure) {
    perform(machine.lost(failure.description, at: now, otherRouteMayHelp: !failure.isRefusal))
  }

  // MARK: Doing what the machine says

  private func perform(_ actions: [LinkMachine.Action]) {
    for action in actions {
      switch action {
      case .open(let route): open(route)
      case .discard: discard()
      case .welcome: welcome()
      case .report(let reason): desk.post(.disconnected(reason: reason))
      case .farewell: try? handle?.sayGoodbye()
      case .end: hasEnded = true
      }
    }
  }

  /// A look-up that still hangs is waited for, so that they do not pile up.
  private func open(_ route: LinkMachine.Route) {
    dial = dial ?? Dial(settings, route: route, time: time, connector: connector, bell: bell)
  }

  private func takeDial() {
    guard let outcome = dial?.take() else { return }
    dial = nil
    // Too late: its client goes away here, and the next attempt begins with a fresh one.
    guard machine.dialled() else { return }
    switch outcome {
    case .success(let fresh): handle = fresh
    case .failure(let failure): lose(failure)
    }
  }

  private func discard() {
    handle = nil
    messages.removeAll()
    subscriptions.removeAll()
    mayHaveMore = false
  }

  /// The library does not subscribe again by itself (8).
  private func welcome() {
    desk.post(.connected)
    guard let handle else { return }
    let wanted = settings.subscriptions.map { ($0, Int32(1)) } + settings.liveSubscriptions.map { ($0, Int32(0)) }
    for (topic, quality) in wanted {
      do throws(LinkFailure) {
        subscriptions[try handle.subscribe(to: topic, qualityOfService: quality)] = topic
      } catch { desk.post(.subscriptionRefused(topic: topic)) }
    }
  }
}
