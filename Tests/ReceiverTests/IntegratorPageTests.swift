import EnergyModel
import Foundation
import TestKit
import Testing

/// `docs/uplink.md` and the schemas say what the code does.
@Suite struct IntegratorPageTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static func text(_ path: String) throws -> String {
    try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8)
  }

  /// The fenced blocks of the page by what stands behind the fence.
  private static func blocks() throws -> [(name: String, text: String)] {
    var blocks: [(name: String, text: String)] = []
    for (index, part) in try text("docs/uplink.md").components(separatedBy: "\n```").enumerated() where index % 2 == 1 {
      let lines = part.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
      blocks.append((String(lines[0]), String(lines.last ?? "") + "\n"))
    }
    return blocks
  }

  private static func rows(_ column: Int) throws -> [[String]] {
    try text("docs/uplink.md").components(separatedBy: "\n").filter { $0.hasPrefix("| `") }
      .map { $0.split(separator: "|").map { $0.trimmingCharacters(in: [" ", "`"]) } }.filter { $0.count == column }
  }

  private static func properties(_ schema: String, _ definition: String) throws -> [String: Any] {
    let whole = try JSONSerialization.jsonObject(with: Data(try text("docs/schemas/\(schema).schema.json").utf8))
    let definitions = (whole as? [String: Any])?["$defs"] as? [String: Any]
    return try #require(definitions?[definition] as? [String: Any])
  }

  @Test func theTableOfPointsIsComplete() throws {
    let rows = try Self.rows(4).filter { Point(rawValue: $0[0]) != nil || $0[0].contains("_") }
      .filter { Double($0[2]) != nil }
    #expect(rows.map { $0[0] } == Point.allCases.map(\.rawValue))
    let units = [
      "w": "W", "v": "V", "a": "A", "var": "var", "va": "VA", "hz": "Hz", "wh": "Wh", "c": "°C", "percent": "%",
      "m2": "W/m²",
    ]
    for row in rows {
      let point = try #require(Point(rawValue: row[0]))
      #expect(Double(row[2]) == point.resolution, "\(row)")
      #expect(row[1] == units[String(point.rawValue.split(separator: "_").last ?? "")] ?? "–", "\(row)")
      #expect(point.isCounter == row[3].contains("counter"), "\(row)")
    }
  }

  @Test func theSchemasNameEveryPointAndEveryRemark() throws {
    let values = try Self.properties("values", "values")["properties"] as? [String: Any]
    #expect(values.map { Set($0.keys) } == Set(Point.allCases.map(\.rawValue)))
    let quality = try Self.properties("values", "quality")
    let remarked = (quality["propertyNames"] as? [String: Any])?["enum"] as? [String]
    #expect(remarked.map(Set.init) == Set(Point.allCases.map(\.rawValue)))
    let words = (quality["additionalProperties"] as? [String: Any])?["enum"] as? [String] ?? []
    #expect(words.allSatisfy { Quality(rawValue: $0) != nil } && !words.contains("good"))
    let named = try Self.rows(2).map { $0[0] }.filter { Quality(rawValue: $0) != nil }
    #expect(Set(named) == Set(words))
    // A word that the schemas do not know would be refused by every strict receiver.
    let known: [Quality] = [.good, .timeout, .exception, .notImplemented, .outOfRange, .frozen, .stale]
    #expect(Set(words) == Set(known.map(\.rawValue)).subtracting(["good"]))
  }

  @Test func theExamplesKeepTheSchemas() throws {
    let examples = try Self.blocks().filter { $0.name.hasPrefix("json ") }
    let names = [
      "telemetry", "events", "status", "forecast", "ack", "replay", "command", "command/result", "heartbeat/dso",
    ]
    #expect(Set(examples.map(\.name)) == Set(names.map { "json \($0)" }))
    let messages = examples.map { example in
      (topic: "holdfast/v1/mill-lane-4/\(example.name.dropFirst(5))", payload: Array(example.text.utf8))
    }
    let problem = try SchemaCheck.problem(in: messages)
    #expect(problem == nil, "\(problem ?? "")")
  }

  /// The example in Python reads a frame as a site writes it.
  @Test func theExampleInPythonWorks() throws {
    let example = try #require(try Self.blocks().first { $0.name == "python" }).text
    let folder = try TemporaryFolder.make("python")
    defer { try? FileManager.default.removeItem(at: folder) }
    let (script, frame, output) = (
      folder.appendingPathComponent("read.py"), folder.appendingPathComponent("frame"),
      folder.appendingPathComponent("output")
    )
    let more = """
      import sys
      header, records = read_backfill(open(sys.argv[1], "rb").read())
      print(header["first"], header["last"], len(records), records[2]["values"]["power_w"])
      """
    try (example + more).write(to: script, atomically: true, encoding: .utf8)
    try Data(try Given.backfill(Given.segment(5, 40), Given.segment(41, 44)).payload).write(to: frame)
    let code = try ChildProcess("/usr/bin/python3", [script.path, frame.path], output: output).wait()
    let text = try String(contentsOf: output, encoding: .utf8)
    #expect(code == 0 && text == "5 44 40 7\n", "\(text)")
  }
}
