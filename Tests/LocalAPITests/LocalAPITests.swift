import EnergyModel
import Foundation
import Logging
import ServiceLifecycle
import SiteClient
import TestKit
import Testing

@testable import LocalAPI

@Suite(.serialized)
struct LocalAPITests {
  @Test func pathsAnswer() async throws {
    let api = try await RunningAPI()
    let site = try await api.get("/api/v1/site")
    #expect(site.status == 200)
    #expect(site.body == SiteJSON.text(FakeSite.example))
    #expect(try await api.get("/api/v1/history/hour").body == HistoryJSON.text(FakeSite().lastHour()))
    #expect(try await api.get("/healthz").body == #"{"status":"ok"}"#)
    #expect(try await api.get("/metrics").body.hasPrefix("# HELP holdfast_info "))
    let unknown = try await api.get("/api/v2/site")
    #expect(unknown.status == 404)
    #expect(unknown.body == #"{"error":"there is nothing at this path"}"#)
    await api.stop()
  }

  @Test func onlyGetIsServed() async throws {
    let api = try await RunningAPI()
    let client = try RawClient(port: api.port)
    client.send("POST /api/v1/site HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    let answer = try await client.read { $0.contains("}") }
    #expect(answer.hasPrefix("HTTP/1.1 405 "))
    #expect(answer.lowercased().contains("\r\nallow: get\r\n"))
    await api.stop()
  }

  @Test func thePageRunsNothingButItsOwn() async throws {
    let api = try await RunningAPI()
    let client = try RawClient(port: api.port)
    client.send("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    let answer = try await client.read { $0.contains("</html>") }
    let policy = try #require(answer.firstMatch(of: /(?i)content-security-policy: ([^\r]*)/)?.1)
    #expect(policy.hasPrefix("default-src 'none'") && !policy.contains("unsafe"))
    let nonce = try #require(policy.firstMatch(of: /script-src 'nonce-([0-9a-f]+)'/)?.1)
    #expect(answer.contains("<script nonce=\"\(nonce)\">") && answer.contains("<style nonce=\"\(nonce)\">"))
    #expect(!answer.contains(" style=\""), "the policy forbids it")
    #expect(answer.firstMatch(of: /(src|href)="(https?:)?\/\/[^"]*"/) == nil, "nothing from outside")
    #expect(answer.contains("lang=\"en\"") && answer.contains("name=\"viewport\""))
    // Every id that a script writes to is there.
    for use in answer.matches(of: /(?:id|put|rows|showPower)\('([a-z-]+)'[,)]/) {
      #expect(answer.contains("id=\"\(use.1)\""), "\(use.1)")
    }
    let second = try await api.get("/").body
    #expect(!second.contains(nonce), "a nonce is used once")
    await api.stop()
  }

  @Test func eventsComeEachSecondAndASlowListenerDelaysNobody() async throws {
    let api = try await RunningAPI(FakeSite(given: large))
    let request = "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n"
    let stuck = try (0..<4).map { _ in try RawClient(port: api.port, receiveBuffer: 4096) }
    for client in stuck { client.send(request) }
    let reader = try RawClient(port: api.port)
    reader.send(request)
    let began = SystemTime().now().monotonic
    let text = try await reader.read { $0.components(separatedBy: "event: site\ndata: {").count > 3 }
    let took = SystemTime().now().monotonic - began
    #expect(text.lowercased().contains("content-type: text/event-stream"))
    #expect(took > .milliseconds(1000) && took < .seconds(5))
    #expect(try await api.get("/healthz").status == 200)
    await api.stop()
  }

  @Test func tooManyListenersAreRefused() async throws {
    let api = try await RunningAPI()
    var clients: [RawClient] = []
    for _ in 0..<LiveStreams.capacity {
      let client = try RawClient(port: api.port)
      client.send("GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
      _ = try await client.read { $0.contains("data: ") }
      clients.append(client)
    }
    #expect(try await api.get("/api/v1/events").status == 503)
    // One leaves; the place is free once a write has failed.
    clients[0].close()
    try await eventually("a place is free") {
      let client = try RawClient(port: api.port)
      client.send("GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
      let isServed = try await client.read { $0.contains("\r\n\r\n") }.hasPrefix("HTTP/1.1 200")
      return isServed
    }
    await api.stop()
  }

  @Test func aGracefulShutdownEndsTheStreams() async throws {
    let port = Loopback.freePort()
    let services = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: [APIService(port: port, source: FakeSite(given: large))], logger: Logger(label: "test")))
    let work = Task { try await services.run() }
    try await eventually("the API listens") { Loopback.accepts(port) }
    let request = "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n\r\n"
    let stuck = try RawClient(port: port, receiveBuffer: 4096)
    stuck.send(request)
    let reader = try RawClient(port: port)
    reader.send(request)
    _ = try await reader.read { $0.contains("data: ") }
    let began = SystemTime().now().monotonic
    await services.triggerGracefulShutdown()
    _ = try await reader.read { $0.hasSuffix("\r\n0\r\n\r\n") }
    try await work.value
    stuck.close()
    #expect(SystemTime().now().monotonic - began < .seconds(5))
  }

  private struct APIService: Service {
    var port: Int
    var source: any SiteStatusSource
    func run() async throws { try await LocalAPI(host: "127.0.0.1", port: port, source: source).run() }
  }

  @Test func anAddressInUseIsThrown() async throws {
    let api = try await RunningAPI()
    await #expect(throws: (any Error).self) {
      try await LocalAPI(host: "127.0.0.1", port: api.port, source: FakeSite()).run()
    }
    await api.stop()
  }

  /// A state of about 200 kB, so that sockets fill up soon.
  private var large: SiteStatus {
    var status = FakeSite.example
    status.devices = (0..<1500).map { index in
      var device = FakeSite.example.devices[0]
      device.id = DeviceID("meter-\(index)")
      return device
    }
    return status
  }
}

struct LocalAPIClientTests {
  @Test func aClosedPortIsUnreachable() async throws {
    do {
      _ = try await LocalAPIClient.get(host: "127.0.0.1", port: Loopback.freePort(), path: "/")
      Issue.record("somebody answered")
    } catch let failure as LocalAPIClient.Failure {
      guard case .unreachable = failure else { throw failure }
    }
  }

  @Test func silenceTimesOut() async throws {
    let silent = try SilentServer()
    await #expect(throws: LocalAPIClient.Failure.timedOut) {
      _ = try await LocalAPIClient.get(host: "127.0.0.1", port: silent.port, path: "/", timeout: .milliseconds(200))
    }
  }
}
