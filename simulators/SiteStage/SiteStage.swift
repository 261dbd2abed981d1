public import Foundation
public import SiteClient
public import TestKit

/// A whole site on loopback: a broker, the simulator and the agent, each a process of its own that can
/// be killed, frozen and started again. The demo and the scenario tests stand on it.
public final class SiteStage {
  public struct Options {
    /// Where the built programs are.
    public var programs: URL
    /// The configuration whose addresses are replaced by the stage's own.
    public var configuration: URL
    /// Keeps the configuration's own ports where they are free, so that a person finds them again.
    public var prefersConfiguredPorts = false
    /// Further arguments of `holdfast-sim run`.
    public var simulator: [String] = []
    /// So many further meters on the meter's bus, `meter-02` and so on, read once a second.
    public var meters = 0
    /// Changes the configuration's text before it is used.
    public var edit: (String) -> String = { $0 }
    /// A second broker for the uplink, which keeps its sessions, so that one can fail without the other.
    public var separatesBrokers = false
    /// Device profiles; those beside the configuration when nil.
    public var profiles: URL?
    /// Added to the agent's environment.
    public var agentEnvironment: [String: String] = [:]
    /// Puts a line of this rate and delay between the agent and the aggregator's broker.
    public var line: FaultProxy.Shape?
    /// Where the uplink finds its broker.
    public var aggregatorHost = "127.0.0.1"
    /// Address of the name server that the agent alone asks. Needs root: the agent gets a mount namespace with
    /// a `resolv.conf` of its own.
    public var nameServer: String?
    /// Whether the simulator writes down what it is asked, see ``Request``.
    public var recordsRequests = false
    /// A descriptor that takes the agent's log instead of a file.
    public var agentErrors: Int32?

    public init(programs: URL, configuration: URL) {
      self.programs = programs
      self.configuration = configuration
    }
  }

  public let options: Options
  public let folder: URL
  public let ports: StagePorts
  public private(set) var broker: TestBroker
  public private(set) var aggregator: TestBroker
  /// Present where the options ask for it: the line to the aggregator, with faults to switch.
  public let line: FaultProxy?
  private var simulator: ChildProcess?
  private var agent: ChildProcess?
  private var agentStarts = 0

  public init(_ options: Options) throws {
    self.options = options
    folder = try TemporaryFolder.make("site")
    ports = StagePorts(prefersConfigured: options.prefersConfiguredPorts)
    broker = try TestBroker(port: ports.broker)
    let aggregator = options.separatesBrokers ? try TestBroker(isPersistent: true) : broker
    self.aggregator = aggregator
    line = try options.line.map { try FaultProxy(to: aggregator.port, shape: $0) }
    let shipped = try String(contentsOf: options.configuration, encoding: .utf8)
    let text = options.edit(Self.add(meters: options.meters, to: shipped))
    let placed = ports.place(text, uplink: "\(options.aggregatorHost):\(line?.port ?? aggregator.port)")
    try placed.write(to: configurationFile, atomically: true, encoding: .utf8)
  }

  private static func add(meters: Int, to text: String) -> String {
    guard meters > 0 else { return text }
    let lines = (2...meters + 1).map { unit in
      "  meter-\(unit < 10 ? "0" : "")\(unit): {profile: eastron-sdm630, bus: meter, unit: \(unit), period: 1 s}\n"
    }
    return text.replacing("\ndevices:\n", with: "\ndevices:\n" + lines.joined(), maxReplacements: 1)
  }

  deinit { stop() }

  public var configurationFile: URL { folder.appendingPathComponent("site.yaml") }
  public var truthFile: URL { folder.appendingPathComponent("truth.jsonl") }
  public var requestsFile: URL { folder.appendingPathComponent("requests.jsonl") }
  public var stateFolder: URL { folder.appendingPathComponent("state") }
  /// The agent's journal.
  public var database: URL { stateFolder.appendingPathComponent("journal.sqlite") }
  public var client: SiteClient { SiteClient(host: "127.0.0.1", port: ports.page) }
  public var agentIdentifier: Int32? { agent?.isRunning == true ? agent?.identifier : nil }
  public var isAgentRunning: Bool { agent?.isRunning == true }
  public var isSimulatorRunning: Bool { simulator?.isRunning == true }

  /// What the agent wrote to standard error since its last start.
  public var agentLog: String {
    (try? String(contentsOf: folder.appendingPathComponent("agent-\(agentStarts).log"), encoding: .utf8)) ?? ""
  }

  public func startSimulator() throws {
    simulator = try ChildProcess(
      options.programs.appendingPathComponent("holdfast-sim").path,
      [
        "run", "--inverter-port", "\(ports.inverter)", "--meter-port", "\(ports.meter)", "--relay-port",
        "\(ports.relay)", "--wallbox-port", "\(ports.wallBox)", "--mqtt", "127.0.0.1:\(ports.broker)", "--truth",
        truthFile.path,
        "--meters", "\(options.meters)",
      ] + (options.recordsRequests ? ["--requests", requestsFile.path] : []) + options.simulator,
      output: folder.appendingPathComponent("simulator.log"))
  }

  public func killSimulator() {
    simulator?.kill()
    simulator = nil
  }

  public func startAgent() throws {
    agentStarts += 1
    let profiles =
      options.profiles ?? options.configuration.deletingLastPathComponent().appendingPathComponent("devices")
    var words = [
      options.programs.appendingPathComponent("holdfast").path,
      "run", configurationFile.path, "--state", stateFolder.path, "--profiles", profiles.path,
    ]
    if let server = options.nameServer { words = try wordsOfNamespace(nameServer: server) + words }
    agent = try ChildProcess(
      words[0], Array(words[1...]), output: folder.appendingPathComponent("agent-\(agentStarts).log"),
      errors: options.agentErrors, environment: options.agentEnvironment)
  }

  /// What stands before a command that is to ask a name server of its own. The process keeps its number.
  private func wordsOfNamespace(nameServer: String) throws -> [String] {
    let file = folder.appendingPathComponent("resolv.conf")
    try "nameserver \(nameServer)\n".write(to: file, atomically: true, encoding: .utf8)
    return ["unshare", "-m", "sh", "-c", #"mount --bind "$0" /etc/resolv.conf && exec "$@""#, file.path]
  }

  public func killAgent() {
    agent?.kill()
    agent = nil
  }

  /// SIGTERM, and the exit code.
  @discardableResult
  public func stopAgent() -> Int32? {
    defer { agent = nil }
    return agent?.terminate()
  }

  public func signalAgent(_ number: Int32) { agent?.signal(number) }

  /// Ends everything that was started: the agent first, so that it can say goodbye.
  public func stop() {
    stopAgent()
    simulator?.terminate()
    simulator = nil
    broker.stop()
    if aggregator !== broker { aggregator.stop() }
    line?.stop()
  }

  public func removeFolder() { try? FileManager.default.removeItem(at: folder) }
}
