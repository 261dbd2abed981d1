import Foundation
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

  private static func run(_ arguments: String...) throws -> Holdfast.Answer {
    let folder = try TemporaryFolder.make("plan")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("site.yaml")
    try site.write(to: file, atomically: true, encoding: .utf8)
    return try Holdfast.run(
      ["shed", "plan", file.path, "--api", "127.0.0.1:\(Loopback.freePort())"] + arguments)
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
