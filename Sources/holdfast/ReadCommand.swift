import ArgumentParser
import DeviceProfile
import EnergyModel
import Foundation
import ModbusDevices
import SiteConfig
import Threads

/// Reads one device as the agent would, and shows where each value comes from.
struct ReadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "read",
    abstract: "Reads a device of the site: every point with its quality and the registers it comes from.")

  @Argument(help: "The device's or load's name in the configuration.")
  var device: String

  @OptionGroup var site: SiteFileOptions
  @OptionGroup var state: StateOptions

  @Option(help: "Read again every so many seconds, until Ctrl-C.")
  var watch: Double?

  @Flag(help: "One line of JSON for each reading.")
  var json = false

  @Option(help: "Of a device on MQTT: how many seconds its messages are waited for.")
  var wait = 10.0

  func validate() throws {
    if let watch, !(0.1...86_400).contains(watch) { throw ValidationError("--watch lies in 0.1…86400 seconds") }
    guard (0.1...86_400).contains(wait) else { throw ValidationError("--wait lies in 0.1…86400 seconds") }
  }

  func run() async throws {
    ProcessLimits.ignoreBrokenPipes()
    ProcessLimits.limitDescriptors()
    let configuration = try site.load()
    switch try configuration.requirePlace(of: device) {
    case .modbus(let bus, let device):
      try await leaveTheOnlyConnection(of: device, on: bus, configuration)
      try await OwnThread.run(name: "read") { try readModbus(device, on: bus) }
    case .mqtt(let bus, let sensor):
      try await SensorRead(sensor, on: bus, site: configuration.site.id, wait: wait, watch: watch, isJSON: json).run()
    }
  }

  /// Somebody else's only connection is left to him.
  private func leaveTheOnlyConnection(
    of device: SiteConfiguration.ModbusDevice, on bus: SiteConfiguration.ModbusBus, _ configuration: SiteConfiguration
  ) async throws {
    let isShared = bus.endpoint.framing == .tcp && bus.devices.allSatisfy { $0.profile.connection.maximumClients != 1 }
    guard case .running(let sign) = await AgentPresence.find(configuration, stateFolder: state.folder) else { return }
    guard !isShared else { return }
    let why =
      bus.endpoint.framing == .rtu
      ? "a serial line has one master" : "the device serves one client (\(device.profile.name))"
    let served = bus.serve.map { ", or read its registers at \($0), where the agent serves them" } ?? ""
    complain(
      """
      holdfast: the agent runs (\(sign)) and holds the connection to \(bus.endpoint.text): \(why).
      What it reads: holdfast status --json\(served). To read by yourself: sudo systemctl stop holdfast
      """)
    throw ExitCode(75)
  }

  private func readModbus(_ device: SiteConfiguration.ModbusDevice, on bus: SiteConfiguration.ModbusBus) throws {
    let talk = BusTalk(bus, only: [device.id], time: SystemTime(trust: .declared))
    defer { talk.close() }
    var output = StandardOutput()
    while true {
      let poll = talk.devices[0].poll()
      if json {
        try output.line(ReadText.json(talk.devices[0], device, bus, poll))
      } else {
        for line in ReadText.lines(talk.devices[0], device, bus, poll) { try output.line(line) }
      }
      try output.flush()
      if poll.sample == nil {
        complain("holdfast: \(device.id) at \(bus.endpoint.text), unit \(device.unit): \(poll.trouble ?? "no answer")")
        if poll.isPortTaken { complain(Self.portTaken) }
        if watch == nil { throw ExitCode(69) }
      }
      guard let watch else { return }
      usleep(UInt32(clamping: Int64(watch * 1e6)))
    }
  }

  static let portTaken =
    "The agent or another program has the port. What the agent reads: holdfast status --json. To stop it: sudo systemctl stop holdfast"
}
