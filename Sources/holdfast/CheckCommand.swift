import ArgumentParser
import EnergyDispatch
import SiteConfig

struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Checks a configuration and its device profiles: every problem at once, exit code 78.")

  @OptionGroup var options: ConfigurationOptions

  func run() throws {
    let configuration = try options.load()
    let devices = configuration.modbusBuses.flatMap(\.devices).count + configuration.mqttBuses.flatMap(\.sensors).count
    print(
      "\(options.file): site \(configuration.site.id), \(counted(devices, "device")), "
        + "\(counted(configuration.uplinks.count, "uplink")), mode \(configuration.control.mode.rawValue): no problems")
  }

  private func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }
}
