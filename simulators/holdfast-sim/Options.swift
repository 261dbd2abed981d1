import ArgumentParser
import EnergyModel
import Glibc
import SiteSimulator

/// Where the devices are found.
struct PortOptions: ParsableArguments {
  @Option(help: "TCP port of the inverter; 0 picks a free one.") var inverterPort: UInt16 = 15021
  @Option(help: "TCP port of the meter; 0 picks a free one.") var meterPort: UInt16 = 15022
  @Option(help: "TCP port of the relay; 0 picks a free one.") var relayPort: UInt16 = 15023
  @Option(help: "TCP port of the wall box; 0 picks a free one.") var wallboxPort: UInt16 = 15024
  @Option(help: "Serves the meter's bus on a serial line as well: PATH becomes a link to a pseudo terminal.")
  var meterRtu: String?
  @Option(help: "Speed of that line, 300...921600 baud.") var baud = 9600

  func listen() throws -> [Listener] {
    try SiteBench.Device.allCases.enumerated().map { bus, device in
      try Listener(name: device.name, bus: bus, port: port(of: device))
    }
  }

  func serialLines() throws -> [PseudoTerminal] {
    guard (300...921_600).contains(baud) else { throw ValidationError("--baud lies in 300...921600") }
    guard let meterRtu, let bus = SiteBench.Device.allCases.firstIndex(of: .meter) else { return [] }
    return [try PseudoTerminal(bus: bus, link: meterRtu, speed: LineSpeed(baud: baud))]
  }

  private func port(of device: SiteBench.Device) -> UInt16 {
    switch device {
    case .inverter: inverterPort
    case .meter: meterPort
    case .relay: relayPort
    case .wallBox: wallboxPort
    }
  }
}

/// HOST:PORT.
struct BrokerAddress: ExpressibleByArgument {
  var host: String
  var port: Int32

  init?(argument: String) {
    guard let colon = argument.lastIndex(of: ":"), colon > argument.startIndex else { return nil }
    guard let port = UInt16(argument[argument.index(after: colon)...]), port > 0 else { return nil }
    host = String(argument[..<colon])
    self.port = Int32(port)
  }
}

/// What the site is like.
struct SiteOptions: ParsableArguments {
  enum Sky: String, ExpressibleByArgument, CaseIterable { case clear = "none", scattered, overcast }
  enum Boiler: String, ExpressibleByArgument, CaseIterable { case natural, always, never }
  enum HeatPump: String, ExpressibleByArgument, CaseIterable { case none, natural, always, never }
  enum Presence: String, ExpressibleByArgument, CaseIterable { case natural, here, gone }
  enum Contact: String, ExpressibleByArgument, CaseIterable { case open, closed }

  @Option(help: "Same seed, same run.") var seed: UInt64 = 1
  @Option(help: "Degrees, north positive.") var latitude = 52.52
  @Option(help: "Degrees, east positive.") var longitude = 13.40
  @Option(help: "Calendar time at the start, such as 2026-06-21T10:30:00Z; the sun follows it. Default: now.")
  var sky: String?
  @Option(help: "Clouds.") var clouds = Sky.scattered
  @Option(help: "Battery at the start, %.") var soc = 55.0
  @Option(help: "Installer's export cap inside the inverter, W; negative for none.") var exportCap = 5880.0
  @Option(help: "Installed PV, W.") var pvPeak = 9800.0
  @Option(help: "AC rating of the inverter, W.") var acLimit = 10_000.0
  @Option(help: "Serial number of the inverter.") var serial = "34119087"
  @Option(help: "Household without the boiler, W, instead of a lived-in one.") var fixedLoad: Double?
  @Option(help: "What the strings could deliver, DC W, instead of the sun's.") var fixedPv: Double?
  @Option(help: "Further meters, as units 2… on the meter's port, 0...246.") var meters = 0
  @Option(help: "The boiler's thermostat.") var boiler = Boiler.natural
  @Option(help: "Whether the car is plugged in; natural follows the hour of the day.") var car = Presence.gone
  @Option(help: "The car's battery at the start, %.") var carSoc = 45.0
  @Option(help: "Serial number of the wall box.") var wallboxSerial: UInt32 = 18_416_854
  @Option(help: "A heat pump with SG-Ready contacts on the relay's coils 1 and 2: its thermostat, or none.")
  var heatPump = HeatPump.none
  @Option(help: "Coils of the relay, 8...2000; from 3 on nothing hangs on them.") var relays = 8
  @Option(help: "The grid operator's contact, on the relay's digital input 0.") var contact = Contact.closed
  @Option(
    help: """
      File with lines SECONDS LOAD_W PV_W (a dash leaves it to nature) and, after them, contact=open|closed,
      car=natural|here|gone, pump=natural|always|never; each is valid until the next.
      """)
  var loadScript: String?

  func validate() throws {
    guard (-90...90).contains(latitude), (-180...180).contains(longitude) else {
      throw ValidationError("latitude and longitude lie in -90...90 and -180...180 degrees")
    }
    guard (0...100).contains(soc) else { throw ValidationError("--soc lies in 0...100 %") }
    guard (0...100).contains(carSoc) else { throw ValidationError("--car-soc lies in 0...100 %") }
    guard (0...246).contains(meters) else { throw ValidationError("--meters lies in 0...246") }
    guard (8...2000).contains(relays) else { throw ValidationError("--relays lies in 8...2000") }
    guard (1...1e6).contains(acLimit) else { throw ValidationError("--ac-limit lies in 1...1000000 W") }
    for watts in [pvPeak, fixedLoad ?? 0, fixedPv ?? 0] where !(0...1e6).contains(watts) {
      throw ValidationError("powers lie in 0...1000000 W")
    }
  }

  func bench(now: Timestamp) throws -> SiteBench {
    var start = now
    if let sky {
      guard let time = Timestamp(utc: sky) else {
        throw ValidationError("--sky wants a UTC time such as 2026-06-21T10:30:00Z, not '\(sky)'")
      }
      start = time
    }
    var parameters = WorldParameters()
    parameters.latitude = latitude
    parameters.longitude = longitude
    parameters.cloudCover =
      switch clouds {
      case .clear: 0
      case .scattered: 0.6
      case .overcast: 0.9
      }
    parameters.peak = pvPeak
    parameters.inverter.rating = acLimit
    parameters.inverter.exportCap = exportCap < 0 ? nil : exportCap
    parameters.battery.soc = soc
    var wallBox = WallBoxParameters()
    wallBox.soc = carSoc
    wallBox.serial = wallboxSerial
    parameters.wallBox = wallBox
    parameters.relays = relays
    if heatPump != .none {
      parameters.heatPump = HeatPumpParameters()
      parameters.household.heatLoss = 0
    }
    let world = SiteWorld(parameters: parameters, seed: seed, start: start, overrides: overrides)
    return try SiteBench(
      world: world, identity: InverterIdentity(serial: serial), script: script(), furtherMeters: meters)
  }

  private var overrides: Overrides {
    var overrides = Overrides()
    overrides.load = fixedLoad
    overrides.pv = fixedPv
    overrides.boiler = Overrides.BoilerDemand(rawValue: boiler.rawValue) ?? .natural
    overrides.heatPump = Overrides.BoilerDemand(rawValue: heatPump.rawValue) ?? .never
    overrides.car = Overrides.Presence(rawValue: car.rawValue) ?? .gone
    overrides.isContactClosed = contact == .closed
    return overrides
  }

  private func script() throws -> LoadScript? {
    guard let loadScript else { return nil }
    do {
      return try LoadScript(try readText(loadScript))
    } catch let problem as LoadScript.Malformed {
      throw ValidationError(
        "\(loadScript), line \(problem.line): '\(problem.text)' is not SECONDS LOAD_W PV_W and the words after them")
    }
  }
}
