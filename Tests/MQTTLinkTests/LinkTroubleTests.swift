import EnergyModel
import Glibc
import MQTTLink
import TestKit
import Testing

/// Against a real mosquitto that is absent, killed, frozen or cut off.
@Suite struct LinkTroubleTests {
  /// A first connect that is refused must not be the last (traps, libmosquitto 1).
  @Test func findsABrokerThatComesLater() async throws {
    let port = Loopback.freePort()
    let watch = LinkWatch(LinkWatch.settings(port: port))
    try await eventually("refusal") { !watch.reasons.isEmpty }
    #expect(watch.reasons[0].contains("Connection refused"))
    let broker = try TestBroker(port: port)
    try await watch.connected()
    await watch.finish()
    broker.stop()
  }

  @Test func comesBackAfterTheBrokerWasKilledAndSendsNothingTwice() async throws {
    let broker = try TestBroker()
    let watch = LinkWatch(LinkWatch.settings(port: broker.port) { $0.subscriptions = ["n"] })
    try await watch.connected()
    try await watch.publish(1, "n", "before")
    try await eventually("message") { watch.messages.count == 1 }
    broker.stop()
    try await eventually("disconnection") { watch.reasons.count == 1 }
    #expect(!watch.link.isConnected)
    // Offline, the library would queue this and send it later all the same (3).
    #expect(!watch.link.publish(OutgoingMessage(id: 2, topic: "n", payload: Array("while away".utf8))))
    try broker.start()
    try await watch.connected(2)
    try await watch.publish(3, "n", "after")
    try await watch.publish(4, "n", "end")
    try await eventually("messages") { watch.messages.last?.payload == Array("end".utf8) }
    #expect(watch.messages.map { String(decoding: $0.payload, as: UTF8.self) } == ["before", "after", "end"])
    try await eventually("acknowledgements") { watch.acknowledged == [1, 3, 4] }
    await watch.finish()
  }

  /// A half-open link shows after twice the keepalive, not later (7).
  @Test func givesAFrozenBrokerUpWithinTwiceTheKeepalive() async throws {
    let broker = try TestBroker()
    let watch = LinkWatch(LinkWatch.settings(port: broker.port))
    try await watch.connected()
    broker.freeze()
    let frozen = SystemTime().now().monotonic
    #expect(watch.link.publish(OutgoingMessage(id: 1, topic: "n", payload: [])))
    try await eventually(within: 14, "disconnection") { !watch.reasons.isEmpty }
    #expect(SystemTime().now().monotonic - frozen < .seconds(12))
    #expect(watch.acknowledged.isEmpty)
    broker.thaw()
    try await watch.connected(2)
    await watch.finish()
  }

  @Test func givesUpABrokerThatNeverAnswersAndStopsAtOnceMeanwhile() async throws {
    let broker = try TestBroker()
    broker.freeze()
    let patient = LinkWatch(LinkWatch.settings(port: broker.port))
    let stopped = LinkWatch(LinkWatch.settings(port: broker.port))
    try await Task.sleep(nanoseconds: 100_000_000)
    let begun = SystemTime().now().monotonic
    stopped.link.stop()
    stopped.link.join()
    #expect(SystemTime().now().monotonic - begun < .seconds(1))
    await stopped.finish()
    #expect(stopped.events.isEmpty)
    try await eventually(within: 13, "disconnection") { !patient.reasons.isEmpty }
    #expect(patient.reasons[0].hasPrefix("no answer"))
    broker.thaw()
    try await patient.connected()
    await patient.finish()
  }

  @Test func theWillSpeaksForALinkThatWasCutOff() async throws {
    let broker = try TestBroker()
    let observer = LinkWatch(LinkWatch.settings(port: broker.port) { $0.subscriptions = ["status"] })
    try await observer.connected()
    let others = Self.sockets(to: broker.port)
    let victim = LinkWatch(
      LinkWatch.settings(port: broker.port) {
        $0.will = OutgoingMessage(id: 0, topic: "status", payload: Array("lost".utf8), isRetained: true)
      })
    try await victim.connected()
    for socket in Self.sockets(to: broker.port).subtracting(others) { shutdown(socket, Int32(SHUT_RDWR)) }
    try await eventually("will") { observer.messages.first?.payload == Array("lost".utf8) }
    try await victim.connected(2)
    await victim.finish()
    await observer.finish()
  }

  /// The library would stay with the first address of the name for ever.
  @Test func reachesABrokerThatListensOnTheSecondAddressOfItsName() async throws {
    let broker = try TestBroker()
    let watch = LinkWatch(LinkWatch.settings(port: broker.port) { $0.host = "localhost" })
    try await watch.connected()
    await watch.finish()
  }

  @Test func saysThatANameIsUnknown() async throws {
    let watch = LinkWatch(LinkWatch.settings(port: 1883) { $0.host = "no-such-host.invalid" })
    try await eventually(within: 20, "reason") { !watch.reasons.isEmpty }
    #expect(watch.reasons[0].hasPrefix("connect: "))
    await watch.finish()
  }

  /// `select` would fail here (10).
  @Test func worksWithDescriptorsBeyondSelect() async throws {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    guard limit.rlim_cur > 2048 else { return }
    let broker = try TestBroker()
    let taken = (0..<1100).map { _ in open("/dev/null", O_RDONLY | O_CLOEXEC) }
    defer { for descriptor in taken { close(descriptor) } }
    let watch = LinkWatch(LinkWatch.settings(port: broker.port) { $0.subscriptions = ["n"] })
    try await watch.connected()
    #expect(Self.sockets(to: broker.port).allSatisfy { $0 >= 1024 })
    try await watch.publish(1, "n")
    try await eventually("message") { watch.messages.count == 1 }
    await watch.finish()
  }

  /// This process's sockets that are connected to a port of 127.0.0.1.
  static func sockets(to port: Int) -> Set<Int32> {
    Set(
      (3..<4096 as Range<Int32>).filter { descriptor in
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = withUnsafeMutablePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(descriptor, $0, &length) }
        }
        return result == 0 && address.sin_family == sa_family_t(AF_INET)
          && UInt16(bigEndian: address.sin_port) == UInt16(port)
      })
  }
}
