import ArgumentParser

/// The simulated site as a program: Modbus TCP and MQTT devices on loopback.
@main
struct HoldfastSim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast-sim", abstract: "A site to try Holdfast on: hybrid inverter, meter, relay, sensor.",
    subcommands: [Run.self], defaultSubcommand: Run.self)
}
