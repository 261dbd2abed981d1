import ArgumentParser
import EnergyDispatch
import EnergyModel
import Foundation
import SiteConfig

/// Leaves the owner's word in the state folder, where the agent finds it within a second. Who may write there is the owner.
struct OverrideCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "override",
    abstract: "Tells the agent what the batteries are to do now, before its plan and its economics.",
    usage: "holdfast override hold|charge 3kW|discharge 2kW|clear [--until 18:00 | --for 2h]")

  @Argument(help: "hold, charge and a power, discharge and a power, or clear.")
  var words: [String]

  @Option(
    help: "The end: a time of the day such as 18:00, or a time as in history --from.",
    transform: EndArgument.init(until:))
  var until: EndArgument?

  @Option(name: .customLong("for"), help: "How long: 30m, 2h, 1d.", transform: EndArgument.init(duration:))
  var duration: EndArgument?

  @OptionGroup var state: StateOptions

  private var path: String { state.folder + "/" + OwnersWord.fileName }

  func validate() throws {
    guard until == nil || duration == nil else { throw ValidationError("either --until or --for") }
    if words == ["clear"] {
      guard until == nil, duration == nil else { throw ValidationError("clear takes no end") }
    } else {
      _ = try value()
    }
  }

  func run() throws {
    guard words != ["clear"] else { return try clear() }
    let now = SystemTime(trust: .declared).now().wall
    let end = (until ?? duration)?.resolved(now: now)
    if let end, end <= now { throw ValidationError("the end is over already") }
    if let end, end - now > OwnersWord.longest { throw ValidationError("the end is more than a month away") }
    let value = try value()
    let word = OwnersWord(value: value, given: now, until: end)
    do {
      try Data((word.text + "\n").utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
      // The agent may run as somebody else.
      try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    } catch {
      complain("holdfast: cannot write \(path): \(error.localizedDescription)")
      throw ExitCode(73)
    }
    print("The batteries are to \(Self.words(value)) until \(end.map { $0.text() } ?? "cleared").")
  }

  private static func words(_ value: StandingOrders.Override) -> String {
    func power(_ watts: Double) -> String {
      watts < 1000 ? "\(JSONText.decimal(watts, 0)) W" : "\(JSONText.decimal(watts / 1000, 3)) kW"
    }
    return switch value {
    case .hold: "hold"
    case .charge(let watts): "charge with \(power(watts))"
    case .discharge(let watts): "discharge with \(power(watts))"
    }
  }

  private func clear() throws {
    if unlink(path) != 0, errno != ENOENT {
      complain("holdfast: cannot remove \(path): \(String(cString: strerror(errno)))")
      throw ExitCode(73)
    }
    print("The batteries go by the plan again.")
  }

  private func value() throws -> StandingOrders.Override {
    if words == ["hold"] { return .hold }
    guard let kind = words.first, kind == "charge" || kind == "discharge",
      let watts = try? ArgumentMeasure.power(words.dropFirst().joined(separator: " "))
    else { throw ValidationError("expected hold, charge 3kW, discharge 2kW or clear") }
    guard (1...10e6).contains(watts) else { throw ValidationError("the power has to be 1 W to 10 MW") }
    return kind == "charge" ? .charge(watts) : .discharge(watts)
  }
}

/// When an override ends.
enum EndArgument: Equatable {
  case at(Timestamp)
  /// The next time that the clock of the machine's zone reads it.
  case timeOfDay(hour: Int, minute: Int)
  case after(Duration)

  init(until text: String) throws {
    guard let match = text.wholeMatch(of: /(\d\d?):(\d\d)/), let hour = Int(match.1), let minute = Int(match.2) else {
      guard case .at(let time) = try TimeArgument(parsing: text) else {
        throw ValidationError("expected a time to come, such as 18:00")
      }
      self = .at(time)
      return
    }
    guard hour < 24, minute < 60 else { throw ValidationError("there is no such time of day") }
    self = .timeOfDay(hour: hour, minute: minute)
  }

  init(duration text: String) throws {
    let units: [Substring: Int64] = ["s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400]
    guard let match = text.wholeMatch(of: /(\d{1,6})(s|min|m|h|d)/), let number = Int64(match.1),
      let unit = units[match.2], number > 0
    else { throw ValidationError("expected a duration such as 30m, 2h or 1d") }
    self = .after(.seconds(number * unit))
  }

  func resolved(now: Timestamp) -> Timestamp? {
    switch self {
    case .at(let time): return time
    case .after(let duration): return now + duration
    case .timeOfDay(let hour, let minute):
      let date = Date(timeIntervalSince1970: Double(now.milliseconds) / 1000)
      let next = Calendar.current.nextDate(
        after: date, matching: DateComponents(hour: hour, minute: minute, second: 0), matchingPolicy: .nextTime)
      return next.map { Timestamp(milliseconds: Int64(($0.timeIntervalSince1970 * 1000).rounded())) }
    }
  }
}
