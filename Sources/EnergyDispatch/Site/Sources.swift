public import EnergyModel

/// What feeds the busbar.
extension SiteParameters {
  /// One AC source with strings and a battery behind it: `ac = pv_dc + battery_dc − losses`.
  public struct Hybrid: Hashable, Sendable {
    public var device: DeviceID
    public var acLimit: Watts
    /// Installed PV, W peak; zero without strings.
    public var pvPeak: Watts
    public var battery: Battery?
    /// The device's own reversion timers: leases are refreshed at half of them. Nil where a command is
    /// missing or has no timer.
    public var batteryReversion: Duration?
    public var productionReversion: Duration?
    /// What becomes of its setpoints at their end. With `hold` the reversion is a period of the agent's own.
    public var batteryTerms = LeaseTerms()
    public var productionTerms = LeaseTerms()
    public var maximumAge: Duration
    /// False where the inverter does not cover the house by a loop of its own and has to be told a power.
    public var regulatesItself = true
    /// True where the battery can only be told a power, and no limits that it keeps by itself.
    public var takesPowerOnly = false
    /// False where the battery cannot be told to charge, or to discharge: such a wish only permits it.
    public var takesCharge = true
    public var takesDischarge = true

    public init(
      device: DeviceID, acLimit: Watts, pvPeak: Watts, battery: Battery?, batteryReversion: Duration?,
      productionReversion: Duration?, maximumAge: Duration = .seconds(5)
    ) {
      self.device = device
      self.acLimit = acLimit
      self.pvPeak = pvPeak
      self.battery = battery
      self.batteryReversion = batteryReversion
      self.productionReversion = productionReversion
      self.maximumAge = maximumAge
    }
  }

  public struct Battery: Hashable, Sendable {
    public enum GridCharging: String, Hashable, Sendable { case never, allowed }

    public var usable: WattHours
    /// The window of the state of charge, %.
    public var socWindow: ClosedRange<Double>
    public var gridCharging: GridCharging
    /// The most the battery takes and gives, W ≥ 0.
    public var maximumCharge: Watts
    public var maximumDischarge: Watts
    /// Charging and discharging are forbidden outside, °C.
    public var temperatureWindow: ClosedRange<Double>
    /// Full power is allowed inside, °C; from there it tapers to nothing at the ends of ``temperatureWindow``.
    public var fullPowerWindow: ClosedRange<Double>
    /// What the weakest and the strongest cell may have, V; nil leaves that to the BMS alone.
    public var cellWindow: ClosedRange<Double>?
    /// What a kilowatt-hour that goes through the battery wears off, ct/kWh ≥ 0.
    public var wear = 0.0
    /// From the busbar into the battery and back, 0...1. A lithium battery behind a hybrid inverter reaches 0.85 to 0.93
    /// (HTW Berlin, Stromspeicher-Inspektion 2023); the default errs on the side of not trading.
    public var efficiency = 0.85

    public init(
      usable: WattHours, socWindow: ClosedRange<Double>, gridCharging: GridCharging, maximumCharge: Watts,
      maximumDischarge: Watts, temperatureWindow: ClosedRange<Double> = 0...50
    ) {
      self.usable = usable
      self.socWindow = socWindow
      self.gridCharging = gridCharging
      self.maximumCharge = maximumCharge
      self.maximumDischarge = maximumDischarge
      self.temperatureWindow = temperatureWindow
      fullPowerWindow = Self.fullPower(within: temperatureWindow)
    }

    /// 5 K inside at both ends; half way where the window is too narrow for that.
    public static func fullPower(within window: ClosedRange<Double>) -> ClosedRange<Double> {
      let margin = min(5, (window.upperBound - window.lowerBound) / 2)
      return window.lowerBound + margin...window.upperBound - margin
    }
  }

  /// A generator that starts by itself when the grid is lost; control only measures it.
  public struct Generator: Hashable, Sendable {
    public var device: DeviceID
    public var rated: Watts
    public var maximumAge: Duration

    public init(device: DeviceID, rated: Watts, maximumAge: Duration = .seconds(5)) {
      self.device = device
      self.rated = rated
      self.maximumAge = maximumAge
    }
  }
}
