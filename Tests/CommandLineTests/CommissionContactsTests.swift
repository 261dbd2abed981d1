import Foundation
import TestKit
import Testing

/// `holdfast commission` with an installer at the terminal: the grid operator's contact, and the contacts of a heat pump that it
/// limits.
@Suite(.serialized) struct CommissionContactsTests {
  /// The input reads 1 as long as the contact is closed.
  private static let profiles = [
    "input": """
    name: input
    title: Digital input
    source: the test
    confidence: vendor
    points: {contact: {discrete: 1}}
    """,
    "pump": """
    name: pump
    title: SG-Ready contacts
    source: the test
    confidence: vendor
    points:
      sg_ready_state: {sum: [{coil: 1}, {coil: 2, scale: 2}], values: {1: 1, 0: 2, 2: 3, 3: 4}}
    commands:
      sg_ready:
        parameters: [sg_ready_state]
        on_expiry: hold
        writes:
          - {coil: 1, only: 1, values: [1, 0]}
          - {coil: 1, only: 2, values: [0, 0]}
          - {coil: 1, only: 3, values: [0, 1]}
    """,
  ]

  private final class House {
    let site: SimulatedSite

    /// - Parameter script: of the simulator, by name of its option.
    init(_ script: [String: String] = [:]) async throws {
      let folder = try TemporaryFolder.make("profiles")
      for (name, text) in CommissionContactsTests.profiles {
        try text.write(to: folder.appendingPathComponent("\(name).yaml"), atomically: true, encoding: .utf8)
      }
      var arguments: [String] = []
      for (option, text) in script {
        let file = folder.appendingPathComponent(option).path
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        arguments += ["--\(option)", file]
      }
      site = try await SimulatedSite(
        ["input@3=dso", "pump@4=heat-pump", "--point", "contact=1", "--point", "sg_ready_state=2"] + arguments,
        profiles: folder.path
      ) { port in
        """
        buses:
          board: {modbus_tcp: "127.0.0.1:\(port)"}
        devices:
          dso: {profile: digital-input, bus: board, unit: 3, input: 1, active: open}
        loads:
          heat-pump: {sg_ready: [board/4/coil/1, board/4/coil/2], rated: 4.5 kW, shed: 3, off_at_least: 10 min}
        limits: {controllable: {while: dso, devices: [heat-pump], grid_draw: 4.2 kW}}
        """
      }
    }

    func commission(_ words: [String] = []) throws -> Terminal {
      try Terminal(["commission", "--report", site.report.path] + words, at: site)
    }

    /// Until the input tells it.
    func waits(forContact value: Int) async throws {
      try await eventually(within: 30, "the contact is \(value)") {
        try site.holdfast(["read", "dso"]).lines.contains { $0.contains("contact") && $0.contains(" \(value) ") }
      }
    }
  }

  private static let closed = "closed, and that limits nothing"
  private static let open = "open, and that limits to controllable_power_w 4200 W"
  private static let enter = ", then press Enter (or write skip): "

  /// Opened and closed again, by a script that leaves the visit time for each.
  @Test(.timeLimit(.minutes(3))) func aContactIsSeenInBothPositions() async throws {
    let house = try await House(["values": "15 dso contact=0\n25 dso contact=1\n"])
    let terminal = try house.commission(["--only", "dso"])
    try await terminal.isAsked("dso is \(Self.closed). Open it\(Self.enter)")
    try await house.waits(forContact: 1)
    terminal.type("\n")
    try await terminal.isAsked("It is \(Self.open). Close it again\(Self.enter)")
    try await house.waits(forContact: 0)
    terminal.type("\n")
    #expect(try await terminal.end() == 0, "\(terminal.text)")
    let found = try house.site.findings()
    #expect(found["dso contact"]?.text == "\(Self.closed); operated it is \(Self.open), and back", "\(found)")
  }

  @Test(.timeLimit(.minutes(3))) func aHeatPumpIsSeenInEachStateThatItIsAsked() async throws {
    let house = try await House()
    let terminal = try house.commission(["--only", "heat-pump"])
    try await terminal.answer("Try it? [yes/no] ", "yes\n")
    try await terminal.answer("Does the heat pump's display say that it is blocked? [yes/no] ", "yes\n")
    try await terminal.answer("Does the heat pump's display say that it is asked to take more? [yes/no] ", "yes\n")
    #expect(try await terminal.end() == 0, "\(terminal.text)")
    let found = try house.site.findings()
    #expect(found["heat-pump effect"]?.outcome == "passed", "\(found)")
    #expect(found["heat-pump release of sg_ready"]?.outcome == "passed")
    #expect(try house.site.writes(at: 1) == [[1, 0], [0, 1], [0, 0]])
  }

  /// A wire that leads nowhere, and a pump that does as it likes.
  @Test(.timeLimit(.minutes(3))) func whatDoesNotFollowFails() async throws {
    let house = try await House()
    let terminal = try house.commission()
    try await terminal.answer("Try it? [yes/no] ", "yes\n")
    try await terminal.answer("Does the heat pump's display say that it is blocked? [yes/no] ", "no\n")
    try await terminal.answer("Does the heat pump's display say that it is asked to take more? [yes/no] ", "yes\n")
    try await terminal.answer("dso is \(Self.closed). Open it\(Self.enter)", "\n")
    #expect(try await terminal.end() == 1)
    let found = try house.site.findings()
    #expect(found["dso contact"]?.outcome == "failed", "\(found)")
    #expect(found["dso contact"]?.text == "is \(Self.closed), also after it was operated")
    #expect(found["heat-pump effect"]?.text == "its display did not say blocked", "\(found)")
    #expect(found["heat-pump release of sg_ready"]?.outcome == "passed")
  }

  /// Nobody looks: the contacts are switched, and the rest is left open. A relay that does not switch is found.
  @Test(.timeLimit(.minutes(3)), arguments: [nil, "0 heat-pump ignore-writes\n"] as [String?])
  func withNobodyThereWhatNeedsAPersonIsLeftOpen(fault: String?) async throws {
    let house = try await House(fault.map { ["faults": $0] } ?? [:])
    _ = try house.site.holdfast(["commission", "--yes", "--report", house.site.report.path])
    let found = try house.site.findings()
    #expect(found["heat-pump write of sg_ready"]?.outcome == (fault == nil ? "passed" : "failed"), "\(found)")
    #expect(found["heat-pump effect"]?.outcome == (fault == nil ? "open" : nil), "\(found)")
    #expect(found["dso contact"]?.outcome == "open")
    #expect(found["dso contact"]?.text == "is \(Self.closed); nobody was there to operate it")
  }
}
