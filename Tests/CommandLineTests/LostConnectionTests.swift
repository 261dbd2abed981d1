import Foundation
import TestKit
import Testing

/// A connection that is lost while devices hold what a tool told them. Two relays on one bus, whose faults are ordered live.
@Suite struct LostConnectionTests {
  private final class Board {
    static let profile = """
      name: board
      title: Relay on a board
      source: the test
      confidence: vendor
      points: {relay_on: {coil: 0}}
      commands:
        relay:
          parameters: [relay_on]
          on_expiry: hold
          writes: [{coil: 0, values: [{parameter: relay_on}]}]
      """
    private let faults: LiveFaults
    let site: SimulatedSite
    private var tool: ChildProcess?

    init() async throws {
      faults = try LiveFaults()
      let profiles = try TemporaryFolder.make("profiles")
      try Self.profile.write(
        to: profiles.appendingPathComponent("board.yaml"), atomically: true, encoding: .utf8)
      site = try await SimulatedSite(
        ["board@1=pool", "board@2=sauna", "board@3=lamp", "--point", "relay_on=1"] + faults.arguments,
        profiles: profiles.path
      ) { port in
        """
        buses:
          board: {modbus_tcp: "127.0.0.1:\(port)"}
        devices:
          lamp: {profile: board, bus: board, unit: 3}
        loads:
          pool: {switch: board/1/coil/0, rated: 3 kW, shed: 1}
          sauna: {switch: board/2/coil/0, rated: 6 kW, shed: 2}
        """
      }
      try await order("pool heal")
    }

    deinit { tool?.kill() }

    func order(_ words: String) async throws { try await faults.order(words) }

    private var output: URL { site.folder.appendingPathComponent("output") }
    var text: String { (try? String(contentsOf: output, encoding: .utf8)) ?? "" }

    func start(_ words: [String]) throws {
      tool = try ChildProcess(Holdfast.program(), words + site.places, output: output)
    }

    func signal(_ number: Int32) { tool?.signal(number) }

    /// What was written to a relay.
    func told(unit: Int) throws -> [Int] {
      let text = try String(contentsOf: site.folder.appendingPathComponent("requests"), encoding: .utf8)
      return text.split(separator: "\n").filter { $0.contains("\"write\":true") && $0.contains("\"unit\":\(unit),") }
        .compactMap { $0.contains("[1]") ? 1 : $0.contains("[0]") ? 0 : nil }
    }

    /// The fault comes when the relay was switched off.
    func lose(_ relay: String, unit: Int, _ fault: String) async throws {
      try await eventually(within: 60, "\(relay) is switched off; so far: \(text)") {
        let isRunning = tool?.isRunning == true
        try #require(isRunning, "\(text)")
        return try told(unit: unit) == [0]
      }
      try await order("\(relay) \(fault)")
    }

    /// It goes once the tool has said these words.
    func heal(_ relay: String, onceItSays words: String) async throws {
      try await eventually(within: 60, "\(words); so far: \(text)") { text.contains(words) }
      try await order("\(relay) heal")
    }

    func end() async throws -> Int32 {
      let tool = try #require(tool)
      try await eventually(within: 120, "it ends; so far: \(text)") { !tool.isRunning }
      return tool.wait()
    }

    func isOn(_ relay: String) throws -> Bool {
      let answer = try site.holdfast(["read", relay])
      #expect(answer.code == 0, "\(answer)")
      return answer.lines.contains { $0.contains("relay_on") && $0.contains(" 1 ") }
    }
  }

  private static let visit = ["commission", "--yes", "--report"]

  /// All at once: each of them mostly waits, for a line that is down.
  @Test(.timeLimit(.minutes(6))) func whatADeviceWasToldIsTakenBackOrNamed() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        try await whatCouldNotBeReleasedIsReleasedLater(
          "pool", unit: 1, "disconnect", healedOnceItSays: "FAILED  pool, release of relay")
      }
      group.addTask {
        try await whatCouldNotBeReleasedIsReleasedLater(
          "sauna", unit: 2, "silence", healedOnceItSays: "Not released yet: sauna (relay)")
      }
      group.addTask { try await whatStaysIsNamed() }
      group.addTask { try await whoInterruptsStillReleases() }
      group.addTask { try await aWriteByHandIsReleasedWhenTheLineIsBack(words: "It is tried again", code: 0) }
      group.addTask { try await aWriteByHandIsReleasedWhenTheLineIsBack(words: nil, code: 1) }
      try await group.waitForAll()
    }
  }

  /// Four attempts fail; what comes after the next relay's trial does not, and after the last one it is waited for. What
  /// failed once stays in the report.
  private func whatCouldNotBeReleasedIsReleasedLater(
    _ relay: String, unit: Int, _ fault: String, healedOnceItSays words: String
  ) async throws {
    let board = try await Board()
    try board.start(Self.visit + [board.site.report.path])
    try await board.lose(relay, unit: unit, fault)
    try await board.heal(relay, onceItSays: words)
    #expect(try await board.end() == 1)
    let found = try board.site.findings()
    #expect(found["\(relay) release of relay"]?.outcome == "failed", "\(found)")
    #expect(found["\(relay) later release of relay"]?.outcome == "passed", "\(found)")
    let other = relay == "pool" ? "sauna" : "pool"
    #expect(found["\(other) release of relay"]?.outcome == "passed", "\(found)")
    #expect(try board.isOn("pool") && board.isOn("sauna"))
    #expect(!board.text.contains("not released:"))
  }

  /// One that never comes back is named, in the report and on standard error, and no other.
  private func whatStaysIsNamed() async throws {
    let board = try await Board()
    try board.start(Self.visit + [board.site.report.path])
    try await board.lose("pool", unit: 1, "silence")
    #expect(try await board.end() == 1)
    #expect(board.text.contains("holdfast: not released: pool (relay)\n"), "\(board.text)")
    let found = try board.site.findings()
    #expect(found["pool release of relay"]?.text.contains("It was not released") == true, "\(found)")
    #expect(found["pool later release of relay"]?.outcome == "failed", "\(found)")
    #expect(found["sauna release of relay"]?.outcome == "passed", "\(found)")
    try await board.order("pool heal")
    try await eventually("it answers again") { try board.site.holdfast(["read", "pool"]).code == 0 }
    #expect(try !board.isOn("pool") && board.isOn("sauna"))
  }

  /// Ctrl-C while the line is down: the visit ends, and the relay is let go when the line is back.
  private func whoInterruptsStillReleases() async throws {
    let board = try await Board()
    try board.start(Self.visit + [board.site.report.path])
    try await board.lose("pool", unit: 1, "silence")
    board.signal(SIGINT)
    try await board.heal("pool", onceItSays: "Not released yet: pool (relay)")
    #expect(try await board.end() == 130)
    #expect(board.text.contains("interrupted; what was told to devices was released"), "\(board.text)")
    #expect(try board.isOn("pool"))
    #expect(try board.told(unit: 2).isEmpty)
  }

  private func aWriteByHandIsReleasedWhenTheLineIsBack(words: String?, code: Int32) async throws {
    let board = try await Board()
    try board.start(["write", "pool", "relay_on", "off", "--for", "8s", "--yes"])
    // Only then it has read back what it wrote.
    try await eventually(within: 60, "it is kept up; so far: \(board.text)") { board.text.contains("Kept up for") }
    try await board.lose("pool", unit: 1, "silence")
    if let words { try await board.heal("pool", onceItSays: words) }
    #expect(try await board.end() == code, "\(board.text)")
    #expect(board.text.contains("Released: relay_on 1") == (code == 0), "\(board.text)")
    #expect(board.text.contains("It was not released"), "\(board.text)")
    try await board.order("pool heal")
    try await eventually("it answers again") { try board.site.holdfast(["read", "pool"]).code == 0 }
    #expect(try board.isOn("pool") == (code == 0))
  }
}
