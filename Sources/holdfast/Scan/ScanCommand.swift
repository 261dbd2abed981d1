import ArgumentParser
import Commissioning
import DeviceProfile
import EnergyModel
import Foundation
import ModbusDevices
import SiteConfig
import Threads

/// `holdfast scan`: looks for devices where it is pointed at, and nowhere else.
struct ScanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scan",
    abstract: "Looks for devices at a host, in a subnet, on a serial line or a broker, and names their profiles.",
    discussion: """
      It reads and never writes. What is found is printed as a table and as YAML to paste into a configuration; what \
      happens meanwhile goes to standard error. Ctrl-C prints what was found so far.

      Many inverters serve one client: a scan takes the place of whoever polls them, or is refused. On a serial line two \
      who ask spoil each other's answers, so a port that another process holds (the agent) is left alone.

      Exit code 0 where something was found, 1 where nothing answered.
      """)

  @Argument(
    help: "HOST[:PORT], a subnet such as 192.168.1.0/24[:PORT], a serial port below /dev, or mqtt://HOST[:PORT].")
  var target: String

  @Option(name: .customLong("profiles"), help: "A folder with device profiles; may be given several times.")
  var folders: [String] = []

  @Option(help: "Units to ask, such as 1..20 or 1,2,247.") var units: String?
  @Option(name: .customLong("line"), help: "Settings of the serial line such as '9600 8N1'; several times for several.")
  var lines: [String] = []
  @Option(help: "Seconds after which it ends with what was found.") var limit = 600.0
  @Option(help: "Seconds that an answer may take; 1 over TCP, 0.3 on a serial line.") var timeout: Double?
  @Option(help: "Seconds that a connection may take.") var connectTimeout = 1.0
  @Option(help: "Hosts at a time, 1...64.") var parallel = 16
  @Option(name: .customLong("listen"), help: "Seconds to listen to a broker.") var listening = 30.0
  @Option(help: "User at the broker.") var user: String?
  @Option(help: "File with the password at the broker.") var passwordFile: String?
  @Flag(help: "Scan a subnet of more than 1024 addresses.") var large = false
  @Flag(help: "Print JSON.") var json = false
  @Flag(help: "Print the YAML alone.") var yaml = false

  func validate() throws {
    guard (1...86_400).contains(limit) else { throw ValidationError("--limit lies in 1...86400 s") }
    guard (0.01...60).contains(timeout ?? 1) else { throw ValidationError("--timeout lies in 0.01...60 s") }
    guard (0.05...60).contains(connectTimeout) else {
      throw ValidationError("--connect-timeout lies in 0.05...60 s")
    }
    guard (0.1...3600).contains(listening) else { throw ValidationError("--listen lies in 0.1...3600 s") }
    guard (1...64).contains(parallel) else { throw ValidationError("--parallel lies in 1...64") }
    _ = try parsedUnits()
    _ = try parsedLines()
    do { _ = try ScanTarget(target, isLargeMeant: large) } catch { throw ValidationError("\(error)") }
  }

  func run() async throws { try await OwnThread.run(name: "scan") { try scan() } }

  private func scan() throws {
    ProcessLimits.limitDescriptors()
    let stop = ScanStop(limit: .seconds(limit))
    let interrupt = Interrupts { stop.stop("interrupted") }
    defer { interrupt.end() }
    let report: ScanReport
    switch try ScanTarget(target, isLargeMeant: large) {
    case .host(let host, let port):
      guard HostName.exists(host) else {
        complain("holdfast: \(host): no address is known for this name")
        throw ExitCode(68)
      }
      report = try scan([host], port, try loadProfiles(), stop)
    case .subnet(let hosts, let port): report = try scan(hosts, port, try loadProfiles(), stop)
    case .serial(let path): report = try scan(serial: path, try loadProfiles(), stop)
    case .mqtt(let host, let port): return try listen(to: host, port, stop)
    }
    try show(
      table: report.table, yaml: report.yaml, json: report.json, count: report.deviceCount,
      incomplete: report.incomplete)
  }

  private func scan(
    _ hosts: [String], _ port: Int?, _ profiles: [DeviceProfile], _ stop: ScanStop
  ) throws -> ScanReport {
    let plan = ScanPlan(profiles, port: port, units: try parsedUnits())
    let queue = HostQueue(hosts, stop: stop)
    let connect = Duration.seconds(connectTimeout)
    let answer = Duration.seconds(timeout ?? 1)
    queue.start(threads: parallel) { host, order in
      for port in plan.ports where !stop.isOver {
        let scan = BusScan(profiles: profiles, plan: plan, stop: stop, timeout: answer) {
          queue.publish($0, order: order)
        }
        let (bus, failure) = scan.tcp(host: host, port: port, connectTimeout: connect)
        if let bus { queue.publish(bus, order: order) } else if let failure { queue.failed(failure) }
      }
    }
    let reason = wait(for: queue, stop)
    let buses = queue.buses
    if buses.isEmpty, hosts.count == 1, let failure = queue.failures.first {
      complain("holdfast: \(target): \(failure) (ports \(plan.ports.map(String.init).joined(separator: ", ")))")
    }
    return ScanReport(buses, incomplete: reason)
  }

  /// Until all is done, or it is over and those that still wait for an answer had a moment to stop.
  /// - Returns: why it ended early; nil where it did not.
  private func wait(for queue: HostQueue, _ stop: ScanStop) -> String? {
    var progress = ScanProgress()
    var end: MonotonicInstant?
    var reason: String?
    while !queue.isDone {
      let found = queue.buses
      progress.show(
        "\(queue.done) of \(queue.count) hosts done, \(found.reduce(0) { $0 + $1.units.count }) devices", of: found)
      reason = stop.reason
      if reason != nil, end == nil { end = .current + .milliseconds(1500) }
      if let end, MonotonicInstant.current >= end { break }
      stop.bell.wait(until: .current + .milliseconds(200))
    }
    progress.end(with: queue.buses)
    return reason ?? stop.reason
  }

  private func scan(serial path: String, _ profiles: [DeviceProfile], _ stop: ScanStop) throws -> ScanReport {
    let plan = ScanPlan(profiles, units: try parsedUnits(), lines: try parsedLines())
    let port = SerialPortName(path)
    let result = SerialScan(
      path: port.path, profiles: profiles, plan: plan, timeout: .seconds(timeout ?? 0.3), stop: stop)
    var progress = ScanProgress()
    while !result.isDone {
      progress.show(result.progress, of: result.bus.map { [$0] } ?? [])
      stop.bell.wait(until: .current + .milliseconds(200))
    }
    progress.end(with: result.bus.map { [$0] } ?? [])
    if let failure = result.failure {
      let hint = failure.isPortTaken ? "; where it is the agent, stop it for the scan: systemctl stop holdfast" : ""
      complain("holdfast: \(path): \(failure)\(hint)")
      throw ExitCode(failure.isPortTaken ? 75 : 66)
    }
    return ScanReport(result.bus.map { [$0] } ?? [], incomplete: stop.reason)
  }

  func show(table: [String], yaml lines: [String], json text: String, count: Int, incomplete: String?) throws {
    var output = StandardOutput()
    if json {
      try output.line(text)
    } else {
      if !yaml {
        for line in table { try output.line(line) }
        if !lines.isEmpty { try output.line("") }
      }
      for line in lines { try output.line(line) }
    }
    try output.flush()
    if let incomplete { complain("holdfast: not finished: \(incomplete)") }
    guard count == 0 else { return }
    complain("holdfast: nothing was found at \(target)")
    throw ExitCode(1)
  }
}

extension ScanCommand {
  /// Given folders first, then where a configuration and the package have theirs, then those of a checkout.
  private var profileFolders: [String] {
    folders + ConfigurationLoader.defaultProfileFolders(for: "/etc/holdfast/site.yaml") + ["config/devices"]
  }

  private func loadProfiles() throws -> [DeviceProfile] {
    let (profiles, problems) = ConfigurationLoader.loadProfiles(folders: profileFolders)
    return try checked(profiles, problems)
  }

  private func checked<Profile>(_ profiles: [Profile], _ problems: [ConfigurationProblem]) throws -> [Profile] {
    for problem in problems { complain("\(problem)") }
    guard profiles.isEmpty else { return profiles }
    complain("holdfast: there are no device profiles in \(profileFolders.joined(separator: ", "))")
    throw ExitCode(66)
  }

  /// Hears what devices on MQTT say for a while.
  private func listen(to host: String, _ port: Int, _ stop: ScanStop) throws {
    let (profiles, problems) = ConfigurationLoader.loadMQTTProfiles(folders: profileFolders)
    let scan = BrokerScan(
      host: host, port: port, user: user, password: try passwordFile.map(SecretFile.read),
      profiles: try checked(profiles, problems), stop: stop)
    let end = MonotonicInstant.current + .seconds(listening)
    while MonotonicInstant.current < end, !stop.isOver, scan.failure == nil {
      stop.bell.wait(until: .current + .milliseconds(200))
    }
    if let failure = scan.failure {
      complain("holdfast: \(target): \(failure)")
      throw ExitCode(69)
    }
    let report = BrokerReport(
      host: host, port: port, user: user, passwordFile: passwordFile, messages: scan.messages, found: scan.found,
      incomplete: MonotonicInstant.current < end ? stop.reason : nil)
    try show(
      table: report.table, yaml: report.yaml, json: report.json, count: report.found.count,
      incomplete: report.incomplete)
  }

  /// `1..20`, `1,2,247` or both.
  func parsedUnits() throws -> [Int]? {
    guard let units else { return nil }
    let pieces = units.split(separator: ",", omittingEmptySubsequences: false).map { piece in
      piece.split(separator: "..", omittingEmptySubsequences: false).map { Int($0) }
    }
    let all = try pieces.flatMap { ends -> [Int] in
      guard let lower = ends.first ?? nil, let upper = ends.last ?? nil, ends.count <= 2, lower <= upper, lower >= 1,
        upper <= 247 || lower == 255 && upper == 255
      else { throw ValidationError("--units: expected units of 1 to 247, or 255, such as 1..20 or 1,2,247") }
      return Array(lower...upper)
    }
    return all
  }

  func parsedLines() throws -> [SerialLine]? {
    let parsed = try lines.map { text -> SerialLine in
      guard let line = SerialLine(text) else { throw ValidationError("--line: '\(text)' is not such as 9600 8N1") }
      return line
    }
    return parsed.isEmpty ? nil : parsed
  }
}
