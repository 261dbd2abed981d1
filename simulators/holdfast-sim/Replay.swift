import ArgumentParser
import DeviceProfile
import Glibc
import SiteSimulator

/// `holdfast-sim replay`: serves devices as somebody recorded them, on one bus.
struct Replay: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves recorded devices (holdfast registers dump) again, over TCP and serial lines.",
    discussion: """
      Each device answers under its recorded unit what it answered then, refusals and silences included; what was not
      recorded is exception 2, a write exception 1. Several samples follow each other as they did when they were recorded.
      """)

  @Argument(help: "Recordings, one device each; FILE[@UNIT][=NAME] for another unit or name.") var recordings: [String]
  @Option(help: "TCP port; 0 picks a free one.") var tcp: UInt16?
  @Option(help: "Serves a serial line: PATH becomes a link to a pseudo terminal.") var rtu: String?
  @Option(help: "Speed of the serial line, 300...921600 baud.") var baud = 9600
  @Flag(name: .customLong("repeat"), help: "Begin anew after the last sample, which otherwise stays.") var repeats =
    false
  @Option(help: "Of the faults that hit by chance: same seed, same hits.") var seed: UInt64 = 1
  @OptionGroup(title: "Service") var service: ServiceOptions

  func validate() throws {
    guard tcp != nil || rtu != nil else { throw ValidationError("say where: --tcp PORT, --rtu PATH, or both") }
    guard (300...921_600).contains(baud) else { throw ValidationError("--baud lies in 300...921600") }
  }

  func run() throws {
    var bench = Bench(seed: seed)
    for text in recordings { try add(text, to: &bench) }
    try service.addFaults(to: &bench)
    var running = Service(
      bench: try SharedBench(bench, busNames: ["bus"], requests: service.requestFile()), broker: service.mqtt,
      faultTopic: service.faultTopic)
    if let tcp { running.listeners = [try Listener(name: "tcp", bus: 0, port: tcp)] }
    if let rtu { running.lines = [try PseudoTerminal(bus: 0, link: rtu, speed: LineSpeed(baud: baud))] }
    try running.run()
  }

  private func add(_ text: String, to bench: inout Bench) throws {
    // A path may have an @ or an = of its own.
    let isFile = access(text, R_OK) == 0
    let spec = isFile ? DeviceSpec(file: text) : try DeviceSpec(text)
    let recording = try recording(spec.profile)
    guard let unit = spec.unit ?? UInt8(exactly: recording.unit) else { throw ValidationError("\(text): no such unit") }
    let name = spec.name ?? recording.device ?? recording.profile ?? "unit-\(unit)"
    guard bench.add(RecordedImage(recording, repeats: repeats), name: name, bus: 0, unit: unit) else {
      throw ValidationError("\(text): unit \(unit) or the name '\(name)' is taken; write FILE@UNIT=NAME")
    }
  }

  private func recording(_ file: String) throws -> RegisterRecording {
    do { return try RegisterRecording(text: try readText(file)) } catch let problems as RecordingProblems {
      throw ValidationError(problems.problems.map { "\(file), \($0)" }.joined(separator: "\n"))
    }
  }
}
