import ArgumentParser
import DeviceProfile
import EnergyDispatch
import SiteConfig

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks a configuration and its device profiles, or profiles alone: every problem at once, exit code 78.",
    discussion: "With --profile the files are device profiles; each is read and its evidence decoded.")

  @OptionGroup var options: ConfigurationOptions

  @Option(
    name: .customLong("profile"), parsing: .upToNextOption,
    help: "Device profiles to check instead of a configuration.")
  var profiles: [String] = []

  func run() throws {
    guard profiles.isEmpty else { return try checkProfiles() }
    let configuration = try options.load()
    let devices = configuration.modbusBuses.flatMap(\.devices).count + configuration.mqttBuses.flatMap(\.sensors).count
    print(
      "\(options.file): site \(configuration.site.id), \(counted(devices, "device")), "
        + "\(counted(configuration.uplinks.count, "uplink")), mode \(configuration.control.mode.rawValue): no problems")
    for device in configuration.readOnly {
      print("\(options.file): \(device.device) is only read: \(device.reason)")
    }
  }

  private func checkProfiles() throws {
    var problems: [ConfigurationProblem] = []
    for file in profiles where ConfigurationLoader.isMQTTProfile(file: file) {
      switch ConfigurationLoader.loadMQTTProfile(file: file) {
      case .success: print("\(file): a device on MQTT: no problems")
      case .failure(let failure): problems += failure.problems
      }
    }
    for file in profiles where !ConfigurationLoader.isMQTTProfile(file: file) {
      switch ConfigurationLoader.loadProfile(file: file) {
      case .success(let profile): print("\(file): \(Self.summary(of: profile))")
      case .failure(let failure): problems += failure.problems
      }
    }
    guard !problems.isEmpty else { return }
    complain(ConfigurationProblems(problems).description)
    throw ExitCode(78)
  }

  /// `16 points, no commands, 2 pieces of evidence: no problems`, and what is doubtful.
  static func summary(of profile: DeviceProfile) -> String {
    let commands = profile.commands.isEmpty ? "no commands" : counted(profile.commands.count, "command")
    let evidence = profile.evidence.count == 1 ? "1 piece" : "\(profile.evidence.count) pieces"
    let doubts = profile.doubts.map(\.description).joined(separator: ", and ")
    return "\(counted(profile.points.count, "point")), \(commands), \(evidence) of evidence: no problems"
      + (doubts.isEmpty ? "" : "; experimental: \(doubts)")
  }

  private func counted(_ count: Int, _ noun: String) -> String { Self.counted(count, noun) }
  private static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
