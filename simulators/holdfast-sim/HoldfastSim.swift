import ArgumentParser

/// The simulated site as a program: Modbus TCP and MQTT devices on loopback.
@main
struct HoldfastSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast-sim", abstract: "A site, or any device, to try Holdfast on.",
    subcommands: [Run.self, Device.self, Replay.self], defaultSubcommand: Run.self)
}
