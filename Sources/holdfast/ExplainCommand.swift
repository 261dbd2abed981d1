import ArgumentParser
import EnergyModel
import Foundation
import SiteClient
import SiteConfig

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says in a sentence what the agent does, which rule wants it, what bounds it and what that costs.",
    discussion: """
      Without options it asks the running agent for its present decision; --follow goes on and tells each new one.
      --at reads the journal instead, whether or not the agent runs: what it did at that time and since when. Numbers
      of the past are those of the moment at which the decision was new.
      """)

  @OptionGroup var agent: AgentAddress

  @Option(
    parsing: .unconditional,
    help: "Of the past: ISO 8601, a local date and time, or before now like -2h (s, m, h, d).",
    transform: TimeArgument.init(parsing:))
  var at: TimeArgument?

  @Flag(help: "Goes on, and prints each new decision.")
  var follow = false

  @OptionGroup var state: StateOptions

  func validate() throws {
    if at != nil, follow { throw ValidationError("--at is about the past, --follow about what comes: take one") }
  }

  func run() async throws {
    if let at { return try tellPast(at) }
    var since = try await tell(after: nil)
    var isAway = false
    while follow {
      try await Task.sleep(for: .seconds(1))
      do {
        since = try await tell(after: since)
        isAway = false
      } catch let failure as SiteClient.Failure {
        if !isAway { complain("holdfast: \(failure); waiting for it") }
        isAway = true
      }
    }
  }

  /// - Parameter since: of the decision that was told last; the same one is not told again.
  private func tell(after since: Int64?) async throws -> Int64? {
    let decision = follow && since != nil ? try await agent.client().site().decision : try await agent.site().decision
    var output = StandardOutput()
    defer { try? output.flush() }
    guard let decision else {
      if !follow { try output.line("No decision has been made yet.") }
      return since ?? 0
    }
    guard decision.sinceMs ?? 0 != since else { return since }
    if follow { try output.line(Timestamp(milliseconds: decision.sinceMs ?? decision.t).text()) }
    try output.line(decision.sentence)
    if let wish = decision.wish { try output.line("  wish (\(decision.rule ?? "no rule")): \(wish)") }
    for bound in decision.bounds {
      try output.line("  \(bound.holds ? "bound" : "yielded") (\(bound.rule)) \(bound.quantity): \(bound.text)")
    }
    for setpoint in decision.setpoints {
      try output.line(
        "  setpoint \(setpoint.device) \(setpoint.kind) = \(JSONText.decimal(setpoint.value, 1)), owner \(setpoint.owner)"
      )
    }
    return decision.sinceMs ?? 0
  }

  private func tellPast(_ at: TimeArgument) throws {
    let now = SystemTime(trust: .declared).now().wall
    let time = at.resolved(now: now)
    guard time <= now else { throw ValidationError("--at \(time.text()) lies ahead of now (\(now.text()))") }
    var output = StandardOutput()
    switch try PastDecision.find(at: time, in: state.reader()) {
    case .nothing(let reason):
      complain("holdfast: \(time.text()): \(reason)")
      throw ExitCode(1)
    case .decided(let decision):
      try output.line("\(time.text()), since \(decision.since.text()):")
      try output.line(decision.text)
      if let wish = decision.wish { try output.line("  wish: \(wish)") }
      for limit in decision.limits {
        try output.line("  \(limit.holds ? "bound" : "yielded") (\(limit.rule)) \(limit.quantity): \(limit.text)")
      }
      for (name, value) in decision.setpoints.sorted(by: { $0.key < $1.key }) {
        try output.line("  setpoint \(name) = \(JSONText.decimal(value, 1))")
      }
    }
    try output.flush()
  }
}
