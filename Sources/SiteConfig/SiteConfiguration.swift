public import DeviceProfile
public import EnergyDispatch
public import EnergyModel

/// A whole configuration, validated. Everything in it can be used as it is.
public struct SiteConfiguration: Sendable {
  public var site: Site
  public var modbusBuses: [ModbusBus]
  public var mqttBuses: [MQTTBus]
  public var control: SiteParameters
  public var uplinks: [Uplink]
  public var journal: Journal
  public var api: API?
  /// What is known of strings and batteries beyond what control needs; forecasts and plans build on it.
  public var installations: [Installation]
  /// Devices that are only read although their profiles could ask for something.
  public var readOnly: [ReadOnlyDevice] = []

  public struct ReadOnlyDevice: Hashable, Sendable {
    public var device: DeviceID
    /// In words.
    public var reason: String
  }

  public struct Site: Hashable, Sendable {
    public var id: String
    public var timeZone: TimeZoneTable
    /// Degrees, north and east positive.
    public var latitude: Double
    public var longitude: Double
    /// Whether somebody vouches for the wall clock. `declared` says that the installer does.
    public var clock: ClockTrust
    /// When the agent has crashed too often to be let do more than protect; nil switches that off.
    public var crashGuard: CrashGuard.Settings? = CrashGuard.Settings()
  }

  public enum ClockTrust: String, Hashable, Sendable {
    /// Trusted when the kernel says that the clock is synchronised.
    case system
    /// Trusted because the configuration says so.
    case declared
  }

  /// One Modbus connection and the devices behind it.
  public struct ModbusBus: Hashable, Sendable {
    public var name: String
    public var endpoint: BusEndpoint
    /// Rest of the line between requests to two different units.
    public var pause: Duration
    /// Where others may read the registers that were read here; nil: nowhere.
    public var serve: ServedAddress?
    public var devices: [ModbusDevice]
  }

  public struct ModbusDevice: Hashable, Sendable {
    public var id: DeviceID
    public var profile: DeviceProfile
    /// 1...247, or 255 on TCP.
    public var unit: Int
    /// Where present, writing needs the device to report the same.
    public var serial: String?
    public var period: Duration
  }

  /// A broker of the site, and what speaks on it.
  public struct MQTTBus: Hashable, Sendable {
    public var name: String
    public var broker: Broker
    public var sensors: [SensorDefinition]
    /// Those of them that are relays.
    public var switches: [DeviceID: SwitchDefinition]
  }

  public struct Broker: Hashable, Sendable {
    public var host: String
    public var port: Int
    public var user: String?
    /// A file with the password: the password itself is never part of a configuration.
    public var passwordFile: String?
    /// A PEM file with the certificate authority for TLS; nil means plain TCP.
    public var certificate: String?
  }

  public struct Uplink: Hashable, Sendable {
    public var name: DestinationID
    public var broker: Broker
    /// Segments younger than this when their turn comes go to `telemetry`, older ones to `backfill`.
    public var liveWindow: Duration
    /// The telemetry logs that it reads.
    public var logs: [LogPlan] = [LogPlan()]
    /// Whose word releases data.
    public var acknowledgedBy = Acknowledgement.broker
    /// The pace of the backlog, bytes a second on the wire.
    public var backfillRate = 125_000
    /// The most bytes a month, as the provider bills them; nil where nobody counts.
    public var monthlyData: Int?
    /// Whether it is told what the site expects and offers.
    public var tellsForecast = true
    /// What it may ask for besides its channels.
    public var authority = Authority()
  }

  public struct Journal: Hashable, Sendable {
    public var budget: Int
    public var commitInterval: Duration
    public var whenFull = WhenFull.thinOldest
    /// How long data that every destination has acknowledged stays for replay.
    public var retention = Duration.seconds(86_400)
  }

  public struct API: Hashable, Sendable {
    public var host: String
    public var port: Int
  }

  /// Strings and battery behind one hybrid.
  public struct Installation: Hashable, Sendable {
    public var device: DeviceID
    /// W peak; zero without strings.
    public var pvPeak: Watts
    /// Degrees from horizontal, 0...90.
    public var tilt: Double?
    /// Degrees clockwise from north, 0...360.
    public var azimuth: Double?
    /// What a kilowatt-hour through the battery costs in wear, ct/kWh.
    public var batteryWear: Double?
  }
}
