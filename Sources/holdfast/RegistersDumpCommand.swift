import ArgumentParser
import DeviceProfile
import EnergyModel
import Foundation
import ModbusDevices
import SiteConfig
import Threads

struct RegistersDumpCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dump",
    abstract: "Records what a device answers: words, refusals and silences.",
    discussion: """
      The device is one of the configuration, or named by --tcp or --serial and --unit. Read is all that its profile reads,
      with all models of a SunSpec device, and the ranges; with neither, the models of a SunSpec device. Nothing is
      written. A request that is refused is cut into pieces until the registers behind the refusal are known.

      Ends with 69 when the device cannot be reached or fell silent; what was recorded until then is kept.
      """)

  @Argument(help: "A device of the configuration.") var device: String?
  @Option(help: "The site's configuration.") var config = "/etc/holdfast/site.yaml"
  @OptionGroup var target: DumpTargetOptions
  @OptionGroup var profiles: ProfileOptions
  @Option(
    name: .customLong("range"),
    help: ArgumentHelp("Registers beside the profile's, such as holding:0-200.", valueName: "SPACE:FIRST-LAST"))
  var ranges: [String] = []
  @Option(help: "How many samples.") var count = 1
  @Option(help: "From one sample to the next, such as 500ms, 1s, 5min.") var every = "1s"
  @Flag(help: "Blank out the serial number, which is personal data, and say where it was.") var redact = false
  @Option(name: [.customShort("o"), .customLong("output")], help: "The file to write; otherwise standard output.")
  var output: String?

  func validate() throws {
    guard (device != nil) != target.isGiven else {
      throw ValidationError("say what to read: a device of the configuration, or --tcp or --serial with --unit")
    }
    guard count > 0 else { throw ValidationError("--count is at least 1") }
    for range in ranges where RegisterRange(range) == nil {
      throw ValidationError("'\(range)' is no range such as holding:0-200, input:30, coil:0-7, discrete:0-7")
    }
    guard Self.duration(every) != nil else { throw ValidationError("'\(every)' is no time such as 500ms, 1s, 5min") }
  }

  func run() async throws { try await OwnThread.run(name: "dump") { try dump() } }

  private func dump() throws {
    let source = try source()
    let wanted = ranges.compactMap(RegisterRange.init)
    let recorder = RegisterRecorder(profile: source.profile, ranges: wanted)
    if redact, source.profile == nil, !wanted.isEmpty {
      throw ValidationError("--redact needs a profile that says where the serial number is")
    }
    var recording = RegisterDump(
      source: source, recorder: recorder, redacts: redact, output: try DumpOutput(output))
    try recording.run(count: count, every: Self.duration(every) ?? .seconds(1))
  }

  private func source() throws -> DumpSource {
    guard let device else {
      return try target.source(profile: try target.profile.map { try profiles.profile($0, beside: config) })
    }
    let folders = profiles.folders + ConfigurationLoader.defaultProfileFolders(for: config)
    switch ConfigurationLoader.load(file: config, profileFolders: folders) {
    case .failure(let failure):
      complain(failure.description)
      throw ExitCode(78)
    case .success(let configuration):
      for bus in configuration.modbusBuses {
        guard let found = bus.devices.first(where: { $0.id.name == device }) else { continue }
        return DumpSource(endpoint: bus.endpoint, unit: found.unit, profile: found.profile, name: device)
      }
      let names = configuration.modbusBuses.flatMap(\.devices).map(\.id.name).sorted()
      let hint = NearestName.hint(device, among: names)
      throw ValidationError(
        "\(config) has no Modbus device '\(device)'\(hint); it has \(names.joined(separator: ", "))")
    }
  }

  static func duration(_ text: String) -> Duration? {
    guard let match = text.wholeMatch(of: /([0-9]{1,6}) ?(ms|s|min)/), let number = Int64(match.1), number > 0 else {
      return nil
    }
    return .milliseconds(number * (match.2 == "ms" ? 1 : match.2 == "s" ? 1000 : 60_000))
  }
}

/// What is recorded.
struct DumpSource {
  var endpoint: BusEndpoint
  var unit: Int
  var profile: DeviceProfile?
  var name: String?
}

/// A device that no configuration names.
struct DumpTargetOptions: ParsableArguments {
  @Option(help: "HOST[:PORT] of a device on TCP.") var tcp: String?
  @Option(help: "A serial port.") var serial: String?
  @Option(help: "The serial line's settings; otherwise the profile's, or 9600 8N1.") var line: String?
  @Option(help: "Unit id, 1...247, over TCP also 255; otherwise the profile's.") var unit: Int?
  @Option(help: "The profile that says what to read, by name or file.") var profile: String?

  var isGiven: Bool { tcp != nil || serial != nil }

  func validate() throws {
    guard tcp == nil || serial == nil else { throw ValidationError("--tcp or --serial, not both") }
    if let line, SerialLine(line) == nil { throw ValidationError("'\(line)' is no line such as 9600 8N1") }
    if !isGiven, line != nil || unit != nil || profile != nil {
      throw ValidationError("--line, --unit and --profile go with --tcp or --serial")
    }
  }

  func source(profile: DeviceProfile?) throws -> DumpSource {
    guard let unit = unit ?? profile?.unit, (1...247).contains(unit) || unit == 255 && tcp != nil else {
      throw ValidationError("--unit wants 1...247, over TCP also 255")
    }
    let rules = profile?.connection ?? ConnectionRules()
    if let serial {
      let line = self.line.flatMap { SerialLine($0) } ?? rules.line ?? SerialLine()
      return DumpSource(endpoint: .serial(path: serial, line: line), unit: unit, profile: profile)
    }
    guard let (host, port) = Self.address(tcp ?? "") else {
      throw ValidationError("'\(tcp ?? "")' is no HOST[:PORT]; an IPv6 address with a port is written [::1]:502")
    }
    return DumpSource(endpoint: .tcp(host: host, port: port ?? rules.port), unit: unit, profile: profile)
  }

  static func address(_ text: String) -> (host: String, port: Int?)? {
    if let match = text.wholeMatch(of: /\[([0-9A-Fa-f:.]+)\](?::([0-9]+))?/) {
      guard let port = match.2 else { return (String(match.1), nil) }
      return Self.port(port).map { (String(match.1), $0) }
    }
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty else { return text.isEmpty || parts.count == 2 ? nil : (text, nil) }
    return port(parts[1]).map { (String(parts[0]), $0) }
  }

  private static func port(_ text: Substring) -> Int? { UInt16(text).flatMap { $0 > 0 ? Int($0) : nil } }
}
