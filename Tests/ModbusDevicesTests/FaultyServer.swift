import DeviceProfile
import EnergyModel
import Glibc
import Synchronization
import TestKit
import Threads

/// A Modbus TCP server of a test's own, with faults chosen by unit and address.
final class FaultyServer: Sendable {
  enum Fault: Sendable {
    case swallow
    case delay(milliseconds: Int)
    case exception(UInt8)
    case wrongTransaction
    /// Half a frame, then the connection is closed.
    case disconnectMidFrame
    /// Writes are acknowledged and not carried out.
    case ignoreWrites
  }

  struct Request: Hashable, Sendable {
    var unit: Int
    var function: UInt8
    var address: Int
    var count: Int
  }

  struct Cell: Hashable {
    var unit: Int
    var space: RegisterSpace
    var address: Int
  }

  struct State {
    var cells: [Cell: UInt16] = [:]
    /// Faults of a unit's address; address −1 stands for all of the unit.
    var faults: [Cell: Fault] = [:]
    var requests: [Request] = []
    var connections = 0
    var open: [Int32] = []
    var mostOpen = 0
    var isStopped = false
  }

  let port: Int
  let state = Mutex(State())
  private let listener: Int32

  init(port: Int = Loopback.freePort()) throws {
    self.port = port
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var yes: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let bound = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, listen(listener, 16) == 0 else { throw TestKitError.didNotStart("server on port \(port)") }
    _ = OwnThread(name: "server") { self.acceptAll() }
  }

  func stop() {
    let open = state.withLock { state in
      state.isStopped = true
      return state.open
    }
    shutdown(listener, Int32(SHUT_RDWR))
    for descriptor in open { shutdown(descriptor, Int32(SHUT_RDWR)) }
  }

  /// Closes every connection and goes on listening.
  func hangUp() { for descriptor in state.withLock({ $0.open }) { shutdown(descriptor, Int32(SHUT_RDWR)) } }

  func set(_ values: [UInt16], at address: Int, _ space: RegisterSpace = .holding, unit: Int = 1) {
    state.withLock {
      for (offset, value) in values.enumerated() {
        $0.cells[Cell(unit: unit, space: space, address: address + offset)] = value
      }
    }
  }

  func value(_ address: Int, _ space: RegisterSpace = .holding, unit: Int = 1) -> UInt16? {
    state.withLock { $0.cells[Cell(unit: unit, space: space, address: address)] }
  }

  /// Nil heals. Without an address all of the unit.
  func fail(_ fault: Fault?, at address: Int = -1, _ space: RegisterSpace = .holding, unit: Int = 1) {
    state.withLock { $0.faults[Cell(unit: unit, space: space, address: address)] = fault }
  }

  var requests: [Request] { state.withLock { $0.requests } }
  var connections: Int { state.withLock { $0.connections } }
  /// At the same time.
  var mostOpen: Int { state.withLock { $0.mostOpen } }

  private func acceptAll() {
    while true {
      let client = accept(listener, nil, nil)
      guard client >= 0 else { break }
      let isStopped = state.withLock { state in
        state.connections += 1
        state.open.append(client)
        state.mostOpen = max(state.mostOpen, state.open.count { !Self.isClosedByPeer($0) })
        return state.isStopped
      }
      if isStopped { shutdown(client, Int32(SHUT_RDWR)) }
      _ = OwnThread(name: "client") { self.serve(client) }
    }
    close(listener)
  }

  /// The peer has closed it, even if the thread that serves it has not woken up yet.
  private static func isClosedByPeer(_ client: Int32) -> Bool {
    var byte: UInt8 = 0
    return recv(client, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT)) == 0
  }

  private func serve(_ client: Int32) {
    while let header = receive(client, 7),
      let body = receive(client, Int(header[4]) << 8 + Int(header[5]) - 1), body.count >= 5
    {
      guard answer(client, header, body) else { break }
    }
    state.withLock { $0.open.removeAll { $0 == client } }
    close(client)
  }

  /// False ends the connection.
  private func answer(_ client: Int32, _ header: [UInt8], _ body: [UInt8]) -> Bool {
    let request = Request(
      unit: Int(header[6]), function: body[0], address: Int(body[1]) << 8 + Int(body[2]),
      count: body[0] == 5 || body[0] == 6 ? 1 : Int(body[3]) << 8 + Int(body[4]))
    let fault = state.withLock { state in
      state.requests.append(request)
      return Self.fault(of: request, state)
    }
    var ignoresWrites = false
    var transaction = Array(header[0..<2])
    switch fault {
    case .swallow: return true
    case .delay(let milliseconds): usleep(UInt32(milliseconds) * 1000)
    case .exception(let code): return send(client, transaction, request.unit, [request.function | 0x80, code])
    case .wrongTransaction: transaction[1] &+= 7
    case .disconnectMidFrame:
      _ = Glibc.send(client, transaction + [0, 0, 0], 5, Int32(MSG_NOSIGNAL))
      return false
    case .ignoreWrites: ignoresWrites = true
    case nil: break
    }
    let reply = state.withLock { Self.carryOut(request, body, ignoresWrites: ignoresWrites, &$0) }
    return send(client, transaction, request.unit, reply)
  }

  private static func space(of function: UInt8) -> RegisterSpace {
    switch function {
    case 1, 5, 15: .coil
    case 2: .discrete
    case 4: .input
    default: .holding
    }
  }

  private static func fault(of request: Request, _ state: State) -> Fault? {
    let space = space(of: request.function)
    let all = [RegisterSpace.holding, .coil, .input, .discrete].lazy.compactMap {
      state.faults[Cell(unit: request.unit, space: $0, address: -1)]
    }
    if let fault = all.first { return fault }
    return (request.address..<request.address + request.count).lazy.compactMap {
      state.faults[Cell(unit: request.unit, space: space, address: $0)]
    }.first
  }

  private static func carryOut(
    _ request: Request, _ body: [UInt8], ignoresWrites: Bool, _ state: inout State
  ) -> [UInt8] {
    let space = space(of: request.function)
    let cells = (0..<request.count).map { Cell(unit: request.unit, space: space, address: request.address + $0) }
    let values = cells.compactMap { state.cells[$0] }
    // What was never set does not exist: exception 2, illegal data address.
    guard values.count == cells.count else { return [request.function | 0x80, 2] }
    switch request.function {
    case 3, 4:
      return [request.function, UInt8(values.count * 2)] + values.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    case 1, 2:
      var bytes = [UInt8](repeating: 0, count: (values.count + 7) / 8)
      for (index, value) in values.enumerated() where value != 0 { bytes[index / 8] |= 1 << (index % 8) }
      return [request.function, UInt8(bytes.count)] + bytes
    case 5, 6:
      let value = UInt16(body[3]) << 8 + UInt16(body[4])
      if !ignoresWrites { state.cells[cells[0]] = request.function == 5 ? (value == 0xFF00 ? 1 : 0) : value }
    case 16:
      for (index, cell) in cells.enumerated() where !ignoresWrites {
        state.cells[cell] = UInt16(body[6 + 2 * index]) << 8 + UInt16(body[7 + 2 * index])
      }
    default: return [request.function | 0x80, 1]
    }
    return Array(body.prefix(5))
  }

  private func send(_ client: Int32, _ transaction: [UInt8], _ unit: Int, _ reply: [UInt8]) -> Bool {
    let length = reply.count + 1
    let frame = transaction + [0, 0, UInt8(length >> 8), UInt8(length & 0xFF), UInt8(unit)] + reply
    return Glibc.send(client, frame, frame.count, Int32(MSG_NOSIGNAL)) == frame.count
  }

  private func receive(_ client: Int32, _ count: Int) -> [UInt8]? {
    guard count > 0 else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    let received = recv(client, &bytes, count, Int32(MSG_WAITALL))
    return received == count ? bytes : nil
  }
}
