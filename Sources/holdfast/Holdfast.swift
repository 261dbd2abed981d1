import ArgumentParser

@main
struct Holdfast: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast",
    abstract: "An energy gateway agent: reads, decides, records and forwards, and holds when lines drop.",
    version: agentVersion,
    subcommands: [
      RunCommand.self,
      CheckCommand.self,
      ScanCommand.self,
      ReadCommand.self,
      WriteCommand.self,
      CommissionCommand.self,
      RegistersCommand.self,
      StatusCommand.self,
      ExplainCommand.self,
      OverrideCommand.self,
      ShedCommand.self,
      SimulateCommand.self,
      HistoryCommand.self,
      JournalCommand.self,
    ])
}

/// The version of the agent, as the status topic and the page report it.
let agentVersion = "0.1.0"
