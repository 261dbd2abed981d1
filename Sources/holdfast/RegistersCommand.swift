import ArgumentParser
import DeviceProfile
import EnergyModel
import Foundation
import SiteConfig

struct RegistersCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "registers",
    abstract: "Records a device's registers, serves them again, and reads recordings without the device.",
    subcommands: [RegistersDumpCommand.self, RegistersReplayCommand.self, RegistersDecodeCommand.self])

  /// A recording, or everything that is wrong with it on standard error and exit code 65 (EX_DATAERR).
  static func recording(_ file: String) throws -> RegisterRecording {
    guard let bytes = FileManager.default.contents(atPath: file) else {
      complain("\(file): cannot be read")
      throw ExitCode(66)
    }
    do throws(RecordingProblems) {
      return try RegisterRecording(text: String(decoding: bytes, as: UTF8.self))
    } catch {
      for problem in error.problems { complain("\(file): \(problem)") }
      throw ExitCode(65)
    }
  }
}

/// Where profiles are found when no configuration names them.
struct ProfileOptions: ParsableArguments {
  @Option(
    name: .customLong("profiles"),
    help: "A folder with device profiles; may be given several times. Searched before the usual places.")
  var folders: [String] = []

  /// - Parameter name: of a profile, or of its file.
  func profile(_ name: String, beside configuration: String) throws -> DeviceProfile {
    let usual = ConfigurationLoader.defaultProfileFolders(for: configuration)
    let candidates = name.hasSuffix(".yaml") ? [name] : (folders + usual).map { "\($0)/\(name).yaml" }
    guard let file = candidates.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
      throw ValidationError("there is no profile '\(name)' in \((folders + usual).joined(separator: ", "))")
    }
    switch ConfigurationLoader.loadProfile(file: file) {
    case .success(let profile): return profile
    case .failure(let failure):
      complain(failure.description)
      throw ExitCode(78)
    }
  }
}

struct RegistersDecodeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decode",
    abstract: "Prints what a profile makes of a recording, without any device.",
    discussion: """
      One line for each point and sample: the sample's seconds, the point and its value, or why it has none. The output
      for one recording is always the same, so that a profile can be tested with it: keep the output that is right, and
      compare (diff) after a change of the profile.
      """)

  @Argument(help: "A recording of holdfast registers dump.") var file: String
  @Option(help: "The profile, by name or file. Default: the one that the recording names.") var profile: String?
  @OptionGroup var profiles: ProfileOptions

  func run() throws {
    let recording = try RegistersCommand.recording(file)
    guard let name = profile ?? recording.profile else {
      throw ValidationError("the recording names no profile: say which with --profile")
    }
    let profile = try profiles.profile(name, beside: "/etc/holdfast/site.yaml")
    var output = StandardOutput()
    for sample in recording.samples {
      let seconds = JSONText.decimal(sample.at.seconds, 3)
      switch sample.readings(by: profile) {
      case .success(let readings):
        for reading in readings.sorted(by: { $0.point.rawValue < $1.point.rawValue }) {
          let value = reading.value.map { JSONText.decimal($0, reading.point.decimals) } ?? reading.quality.rawValue
          try output.line("\(seconds) \(reading.point.rawValue) \(value)")
        }
        try output.line("\(seconds) serial \(sample.serial(by: profile) ?? "none")")
      case .failure(let failure): try output.line("\(seconds) \(failure)")
      }
    }
    try output.flush()
  }
}

struct RegistersReplayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Serves recordings again, by the simulator: what holdfast-sim replay takes is taken.",
    discussion: """
      holdfast registers replay meter.registers --tcp 1502

      The simulator (holdfast-sim) is looked for beside this program and in PATH. holdfast-sim replay --help names its
      options, among them faults.
      """)

  @Argument(parsing: .captureForPassthrough, help: "Recordings, and options of holdfast-sim replay.")
  var arguments: [String] = []

  func run() throws {
    // captureForPassthrough takes these as well.
    if arguments.isEmpty || arguments == ["--help"] || arguments == ["-h"] {
      print(Self.helpMessage())
      return
    }
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let beside = URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("holdfast-sim").path
    let program = FileManager.default.isExecutableFile(atPath: beside) ? beside : "holdfast-sim"
    var words = ([program, "replay"] + arguments).map { strdup($0) } + [nil]
    execvp(program, &words)
    let reason = String(cString: strerror(errno))
    complain("holdfast: holdfast-sim serves recordings, and it cannot be run: \(reason); it belongs beside holdfast")
    throw ExitCode(69)
  }
}
