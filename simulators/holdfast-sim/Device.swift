import ArgumentParser
import DeviceProfile
import EnergyModel
import Glibc
import SiteConfig
import SiteSimulator

/// `holdfast-sim device`: serves devices as their profiles describe them, on one bus.
struct Device: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Serves devices as their profiles describe them, over TCP and serial lines.",
    discussion: """
      Each DEVICE is PROFILE[@UNIT][=NAME], such as eastron-sdm630@2=cellar; the unit is the profile's own or the next
      free one. Values come from --point, --values or --site; without one, a point reads "not implemented".
      """)

  @Argument(help: "PROFILE[@UNIT][=NAME]; a profile is a name or a YAML file.") var devices: [String] = []
  @Option(name: .customLong("mqtt-device"), help: "PROFILE=TOPIC, a device on MQTT; its topic is its name.")
  var mqttDevices: [String] = []
  @Option(help: "TCP port; 0 picks a free one.") var tcp: UInt16?
  @Option(help: "Where to listen: 127.0.0.1, or another address of loopback.") var address = "127.0.0.1"
  @Option(help: "Serves a serial line: PATH becomes a link to a pseudo terminal.") var rtu: String?
  @Option(help: "Speed of the serial line, 300...921600 baud.") var baud = 9600
  @Option(
    name: .customLong("unit-pause"),
    help: "The rest that the bus wants between two units, 0...2000 ms: what comes sooner is not heard.")
  var unitPause = 0
  @Flag(help: "Answer also what comes sooner than the profiles' pauses allow, for clients that know nothing of them.")
  var patient = false
  @Option(help: "Folder with profiles; may be given several times, an earlier one wins.")
  var profiles = ["config/devices", "/usr/share/holdfast/devices"]
  @Option(name: .customLong("point"), help: "POINT=VALUE, for all devices.") var points: [String] = []
  @Option(help: "File with lines SECONDS [DEVICE] POINT=VALUE …; a dash takes a value away.") var values: String?
  @Flag(name: .customLong("site"), help: "The devices measure the simulated site, each as what its profile looks like.")
  var measuresSite = false
  @OptionGroup(title: "The simulated site") var site: SiteOptions
  @OptionGroup(title: "Service") var service: ServiceOptions

  func validate() throws {
    guard tcp != nil || rtu != nil || devices.isEmpty else {
      throw ValidationError("say where: --tcp PORT, --rtu PATH, or both")
    }
    guard mqttDevices.isEmpty || service.mqtt != nil else { throw ValidationError("say where: --mqtt HOST:PORT") }
    if devices.isEmpty, mqttDevices.isEmpty { throw ValidationError("there is no device") }
    guard (300...921_600).contains(baud) else { throw ValidationError("--baud lies in 300...921600") }
    guard (0...2000).contains(unitPause) else { throw ValidationError("--unit-pause lies in 0...2000 ms") }
    guard address.hasPrefix("127."), inet_addr(address) != INADDR_NONE else {
      throw ValidationError("--address is one of loopback, such as 127.0.0.2")
    }
    for word in points where ValueScript.pair(word) == nil {
      throw ValidationError("'\(word)' is no POINT=VALUE, such as power_w=-1520")
    }
  }

  func run() throws {
    let world = measuresSite ? try site.bench(now: SystemClock.wall()) : nil
    var bench = Bench(seed: site.seed, measuring: world)
    try addDevices(to: &bench)
    let onMQTT = try addMQTTDevices(to: &bench)
    try addValues(to: &bench)
    bench.keepsPace = !patient
    bench.unitPause = .milliseconds(unitPause)
    try service.addFaults(to: &bench)
    var running = Service(
      bench: try SharedBench(bench, busNames: ["bus"], requests: service.requestFile()), broker: service.mqtt,
      faultTopic: service.faultTopic)
    if let tcp { running.listeners = [try Listener(name: "tcp", bus: 0, port: tcp, address: address)] }
    if let rtu { running.lines = [try PseudoTerminal(bus: 0, link: rtu, speed: LineSpeed(baud: baud))] }
    running.mqttDevices = onMQTT
    try running.run()
  }

  private func addDevices(to bench: inout Bench) throws {
    var nextUnit: UInt8 = 1
    for text in devices {
      let spec = try DeviceSpec(text)
      let profile = try profile(spec.profile)
      let unit = spec.unit ?? profile.unit.flatMap(UInt8.init(exactly:)) ?? nextUnit
      let image = ProfileImage(profile, serial: site.serial)
      let role = measuresSite ? SiteRole(guessing: profile) : nil
      guard bench.add(image, name: spec.name ?? profile.name, bus: 0, unit: unit, role: role) else {
        throw ValidationError("\(text): unit \(unit) or the name is taken; write PROFILE@UNIT=NAME")
      }
      nextUnit = max(nextUnit, unit < 247 ? unit + 1 : 1)
    }
  }

  private func addMQTTDevices(to bench: inout Bench) throws -> [(name: String, image: MQTTImage)] {
    try mqttDevices.map { text in
      guard let mark = text.firstIndex(of: "="), text[mark...].count > 1 else {
        throw ValidationError("'\(text)' is no PROFILE=TOPIC")
      }
      let (name, topic) = (String(text[..<mark]), String(text[text.index(after: mark)...]))
      let profile = try ConfigurationLoader.loadMQTTProfile(file: file(of: name, in: "/mqtt")).get()
      let image = MQTTImage(profile, topic: topic)
      guard bench.add(image, name: topic, role: measuresSite ? .meter : nil) else {
        throw ValidationError("\(text): the name is taken")
      }
      return (topic, image)
    }
  }

  private func profile(_ name: String) throws -> DeviceProfile {
    try ConfigurationLoader.loadProfile(file: file(of: name, in: "")).get()
  }

  private func file(of name: String, in folder: String) throws -> String {
    let candidates = name.hasSuffix(".yaml") ? [name] : profiles.map { "\($0)\(folder)/\(name).yaml" }
    guard let file = candidates.first(where: { access($0, R_OK) == 0 }) else {
      throw ValidationError("there is no profile '\(name)' in \(profiles.joined(separator: ", "))")
    }
    return file
  }

  private func addValues(to bench: inout Bench) throws {
    let pairs = points.compactMap(ValueScript.pair)
    let first = ValueScript.Line(second: 0, values: Dictionary(pairs) { $1 })
    var script = ValueScript(lines: pairs.isEmpty ? [] : [first])
    if let values {
      do {
        script.lines += try ValueScript(try readText(values)).lines
      } catch let problem as ValueScript.Malformed {
        throw ValidationError("\(values), line \(problem.line): \(problem.reason)")
      }
    }
    guard bench.follow(script) else {
      throw ValidationError("\(values ?? ""): names a device that is none of \(bench.names.joined(separator: ", "))")
    }
  }
}

/// PROFILE[@UNIT][=NAME].
struct DeviceSpec: Hashable {
  var profile: String
  var unit: UInt8?
  var name: String?

  init(file: String) { profile = file }

  init(_ text: String) throws {
    let (head, name) = Self.split(text, at: "=")
    let (profile, unit) = Self.split(head, at: "@")
    self.profile = profile
    self.name = name
    self.unit = unit.flatMap(UInt8.init)
    guard !profile.isEmpty, name != "", unit == nil || (1...255).contains(self.unit ?? 0) else {
      throw ValidationError("'\(text)' is no PROFILE[@UNIT][=NAME] with a unit of 1 to 255")
    }
  }

  private static func split(_ text: String, at mark: Character) -> (String, String?) {
    guard let index = text.firstIndex(of: mark) else { return (text, nil) }
    return (String(text[..<index]), String(text[text.index(after: index)...]))
  }
}
