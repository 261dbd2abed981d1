import Foundation
import Glibc
import TestKit
import Testing

/// `holdfast shed plan`, as a person or a script calls it; no agent runs.
@Suite(.serialized) struct ShedCommandTests {
  private static let site = """
    site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40}
    buses: {board: {modbus_tcp: 127.0.0.1}}
    devices:
      grid-meter: {profile: eastron-sdm630, bus: board, unit: 1, measures: grid}
    loads:
      boiler: {switch: board/4/coil/0, rated: 3 kW, shed: 2, serves: hot water}
      pool: {switch: board/4/coil/1, rated: 1.1 kW, shed: 1}
    limits: {fuse: 3 x 35 A, base_load: 1.5 kW}
    journal: {budget: 200 MB}
    """

  private static let profiles = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("config/devices").path

  private static func run(
    _ arguments: String..., port: Int = Loopback.freePort()
  ) throws -> Holdfast.Answer {
    let folder = try TemporaryFolder.make("plan")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("site.yaml")
    try site.write(to: file, atomically: true, encoding: .utf8)
    return try Holdfast.run(
      ["shed", "plan", file.path, "--profiles", profiles, "--api", "127.0.0.1:\(port)"] + arguments)
  }

  @Test func aLimitIsPlannedFromRatings() throws {
    let answer = try Self.run("--limit", "5kW", "--minutes", "30")
    #expect(answer.code == 0)
    #expect(
      answer.lines.prefix(4) == [
        "From the ratings of the configuration.", "Limit 5 kW for 30 min, import 5.6 kW",
        "  1. the pool is switched off, 1.1 kW less, 0.55 kWh, noticed by: pool",
        "Import 4.5 kW, within the limit. Not supplied: 0.55 kWh.",
      ])
    #expect(answer.lines.last?.hasSuffix("pool, hot water") == true)
  }

  /// The agent's meter says 4.8 kW and its boiler is off already: only the pool is left.
  @Test func whereAnAgentAnswersItsStateCounts() throws {
    let port = Loopback.freePort()
    let agent = try CannedAgent(port: port, body: Self.report(site: "mill-lane-4"))
    defer { agent.stop() }
    let answer = try Self.run("--limit", "4kW", "--state", "/nonexistent", port: port)
    #expect(answer.code == 0)
    #expect(answer.lines.first == "From the present state of the agent at 127.0.0.1:\(port).")
    #expect(answer.output.contains("import 4.8 kW"))
    #expect(answer.output.contains("1. the pool is switched off") && !answer.output.contains("hot water"))
    #expect(answer.errors.contains("whose turn it is among equals is not known"))
  }

  @Test func anotherSitesAgentIsRefused() throws {
    let port = Loopback.freePort()
    let agent = try CannedAgent(port: port, body: Self.report(site: "elsewhere"))
    defer { agent.stop() }
    let answer = try Self.run("--limit", "4kW", port: port)
    #expect(answer.code == 78)
    #expect(answer.errors.contains("runs elsewhere, the configuration is of mill-lane-4"))
  }

  private static func report(site: String) -> String {
    func device(_ id: String, _ values: String) -> String {
      #"{"id":"\#(id)","profile":"p","state":"ok","samples":1,"age_ms":200,"values":{\#(values)},"quality":{}}"#
    }
    let devices = [
      device("grid-meter", #""power_w":4800"#), device("boiler", #""relay_on":0"#), device("pool", #""relay_on":1"#),
    ].joined(separator: ",")
    return #"{"site":"\#(site)","version":"1","mode":"monitor","balance":{},"energy":{"grid_wh":0,"inverter_wh":0},"#
      + #""devices":[\#(devices)],"decision":null,"journal":{"boot":1,"committed_records":0,"commits":0,"#
      + #""dropped_samples":0,"purged_records":0,"size_bytes":0},"uplinks":[],"#
      + #""setpoints":{"written":0,"confirmed":0,"failed":0},"#
      + #""cycle":{"count":1,"worst_lateness_ms":0,"worst_duration_ms":0}}"#
  }

  @Test func whatCannotBeKeptEndsWithOne() throws {
    let answer = try Self.run("--limit", "1 kW", "--json")
    #expect(answer.code == 1)
    #expect(answer.output.hasPrefix(#"{"source":"ratings","plan":{"limit_w":1000,"#))
    #expect(answer.output.contains(#""severities":[{"limit_w":5000,"#))
  }

  @Test(arguments: [["--limit", "10"], ["--limit", "-1kW"], ["--limit", "1kW", "--minutes", "0"]])
  func mistakesAreTold(arguments: [String]) throws {
    let answer = try Holdfast.run(["shed", "plan"] + arguments)
    #expect(answer.code == 64)
    #expect(answer.errors.contains(arguments[arguments.count - 2]))
  }
}

/// Answers every request with the same page.
private final class CannedAgent: Sendable {
  private let listener: Int32

  init(port: Int, body: String) throws {
    let listener = try Loopback.listener(port: port, backlog: 4)
    self.listener = listener
    let answer = Array("HTTP/1.1 200 OK\r\ncontent-length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    Thread.detachNewThread {
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        var request = [UInt8](repeating: 0, count: 4096)
        _ = recv(connection, &request, request.count, 0)
        _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
        close(connection)
      }
    }
  }

  func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}
