import ArgumentParser
import SiteClient

struct ExplainCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Says in a sentence what the agent does at present, who wants it and what bounds it.")

  @OptionGroup var agent: AgentAddress

  func run() async throws {
    guard let decision = try await agent.site().decision else {
      print("No decision has been made yet.")
      return
    }
    print(decision.sentence)
    if let wish = decision.wish { print("  wish (\(decision.rule ?? "no rule")): \(wish)") }
    for bound in decision.bounds {
      print("  \(bound.holds ? "bound" : "yielded") (\(bound.rule)) \(bound.quantity): \(bound.text)")
    }
    for setpoint in decision.setpoints {
      print("  setpoint \(setpoint.device) \(setpoint.kind) = \(setpoint.value), owner \(setpoint.owner)")
    }
  }
}
