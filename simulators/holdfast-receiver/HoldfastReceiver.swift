import ArgumentParser
import EnergyModel
import Glibc
import Receiver
import Threads

/// The example of a receiver: keeps what sites send exactly once, acknowledges it, and proves that it is complete.
@main
struct HoldfastReceiver: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast-receiver",
    abstract: "An example of a receiver: keeps records exactly once, acknowledges them, proves completeness.",
    subcommands: [RunCommand.self, ProveCommand.self, ExportCommand.self])
}

/// The database that all commands work on.
struct DatabaseOption: ParsableArguments {
  @Option(help: "The SQLite file.") var database: String

  /// A file that must be there already.
  func open() throws -> Archive {
    guard access(database, F_OK) == 0 else { throw ValidationError("there is no file \(database)") }
    return try Archive(path: database)
  }
}

/// The machine's clocks; this program is a composition root.
struct SystemTime: TimeSource {
  func now() -> Moment {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let milliseconds = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    return Moment(wall: Timestamp(milliseconds: milliseconds), monotonic: .current)
  }
}
