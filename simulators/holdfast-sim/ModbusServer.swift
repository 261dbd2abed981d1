import EnergyModel
import Glibc
import SiteSimulator
import Threads

/// Serves all buses from one thread: nothing in it blocks but `poll`.
struct ModbusServer: Sendable {
  let bench: SharedBench
  let listeners: [Listener]
  let lines: [PseudoTerminal]
  let stop: StopSign

  func run() {
    let bell = stop.bell()
    var connections: [Connection] = []
    var lines = lines
    while !stop.isRaised {
      let ready = wait(bell: bell, connections: connections, lines: lines)
      let now = MonotonicInstant.current
      for index in connections.indices {
        if ready.contains(connections[index].descriptor) { connections[index].receive(now, bench: bench) }
        connections[index].tend(now)
      }
      for index in lines.indices {
        if ready.contains(lines[index].descriptor) { lines[index].receive(now, bench: bench) }
        lines[index].tend(now)
      }
      for connection in connections where !connection.isAlive { close(connection.descriptor) }
      connections.removeAll { !$0.isAlive }
      for listener in listeners where ready.contains(listener.descriptor) {
        accept(from: listener, into: &connections, now: now)
      }
    }
    for connection in connections { close(connection.descriptor) }
    for listener in listeners { close(listener.descriptor) }
    for line in lines { line.close() }
  }

  /// Clients that a device does not take are closed at once, as small devices do.
  private func accept(from listener: Listener, into connections: inout [Connection], now: MonotonicInstant) {
    while let client = listener.accept() {
      let present = connections.count { $0.bus == listener.bus }
      let limit = bench.withLock { bench in
        bench.takesClient(bus: listener.bus, beside: present) ? bench.idleClose(bus: listener.bus) : nil
      }
      if let limit {
        let connected = now - Listener.age(of: client)
        connections.append(
          Connection(bus: listener.bus, descriptor: client, idleLimit: limit, connected: connected, now: now))
      } else {
        close(client)
      }
    }
  }

  /// The descriptors that something arrived on, after waiting for it or for the next deadline.
  private func wait(bell: Wakeup, connections: [Connection], lines: [PseudoTerminal]) -> Set<Int32> {
    var entries = [pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)]
    entries += listeners.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    entries += connections.map { Self.entry($0.descriptor, isBlocked: $0.isBlocked) }
    entries += lines.map { Self.entry($0.descriptor, isBlocked: $0.isBlocked) }
    var timeout = Int32(-1)
    if let deadline = (connections.map(\.deadline) + lines.compactMap(\.deadline)).min() {
      let remaining = max(0, (deadline - .current).nanoseconds)
      timeout = Int32(clamping: (remaining + 999_999) / 1_000_000)
    }
    guard poll(&entries, nfds_t(entries.count), timeout) > 0 else { return [] }
    let arrived = Int16(POLLIN | POLLHUP | POLLERR)
    return Set(entries.filter { $0.revents & arrived != 0 }.map(\.fd))
  }

  private static func entry(_ descriptor: Int32, isBlocked: Bool) -> pollfd {
    pollfd(fd: descriptor, events: Int16(isBlocked ? POLLIN | POLLOUT : POLLIN), revents: 0)
  }
}
