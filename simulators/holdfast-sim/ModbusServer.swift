import EnergyModel
import Glibc
import SiteSimulator
import Threads

/// Serves all devices from one thread: nothing in it blocks but `poll`.
struct ModbusServer: Sendable {
  let bench: SharedBench
  let listeners: [Listener]
  let stop: StopSign

  /// Clients a device takes at once; further ones are closed at once, as small devices do. A wall box takes one.
  private static func mostClients(_ device: SiteBench.Device) -> Int { device == .wallBox ? 1 : 16 }

  func run() {
    let bell = stop.bell()
    var connections: [Connection] = []
    while !stop.isRaised {
      let ready = wait(bell: bell, connections: connections)
      let now = MonotonicInstant.current
      for index in connections.indices {
        if ready.contains(connections[index].descriptor) { connections[index].receive(now, bench: bench) }
        connections[index].tend(now)
      }
      for connection in connections where !connection.isAlive { close(connection.descriptor) }
      connections.removeAll { !$0.isAlive }
      for listener in listeners where ready.contains(listener.descriptor) {
        accept(from: listener, into: &connections, now: now)
      }
    }
    for connection in connections { close(connection.descriptor) }
    for listener in listeners { close(listener.descriptor) }
  }

  private func accept(from listener: Listener, into connections: inout [Connection], now: MonotonicInstant) {
    while let client = listener.accept() {
      if connections.count(where: { $0.device == listener.device }) >= Self.mostClients(listener.device) {
        close(client)
      } else {
        connections.append(Connection(device: listener.device, descriptor: client, now: now))
      }
    }
  }

  /// The descriptors that something arrived on, after waiting for it or for the next deadline.
  private func wait(bell: Wakeup, connections: [Connection]) -> Set<Int32> {
    var entries = [pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0)]
    entries += listeners.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
    entries += connections.map { connection in
      pollfd(fd: connection.descriptor, events: Int16(connection.isBlocked ? POLLIN | POLLOUT : POLLIN), revents: 0)
    }
    var timeout = Int32(-1)
    if let deadline = connections.map(\.deadline).min() {
      let remaining = max(0, (deadline - .current).nanoseconds)
      timeout = Int32(clamping: (remaining + 999_999) / 1_000_000)
    }
    guard poll(&entries, nfds_t(entries.count), timeout) > 0 else { return [] }
    let arrived = Int16(POLLIN | POLLHUP | POLLERR)
    return Set(entries.filter { $0.revents & arrived != 0 }.map(\.fd))
  }
}
