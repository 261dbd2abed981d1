/// What controllers have written into the inverter (SunSpec models 121, 123, 124). Limits of 123 and 124
/// are released when their timers run out; the export cap is no part of it and stays.
public struct InverterSettings: Hashable, Sendable {
  /// Model 121 WMax: the reference of the production limit and the most AC power, W.
  public var maximumPower: Double

  /// Model 124 StorCtl_Mod: bit 0 makes the charge limit effective, bit 1 the discharge limit.
  public var storageControl: UInt16 = 0
  /// Model 124 InWRte, % of the greatest charging power, −100...100; negative forces discharging.
  public var chargeLimit = 100.0
  /// Model 124 OutWRte, % of the greatest discharging power, −100...100; negative forces charging.
  public var dischargeLimit = 100.0
  public var storageTimer = ReversionTimer()
  /// Model 124 ChaGriSet: whether the battery may be charged from the grid.
  public var isGridChargingAllowed = false
  /// Model 124 MinRsvPct: not discharged below this state of charge, %.
  public var reserve = 0.0

  /// Model 123 WMaxLimPct, % of `maximumPower`, 0...100.
  public var productionLimit = 100.0
  /// Model 123 WMaxLim_Ena.
  public var isProductionLimited = false
  public var productionTimer = ReversionTimer()
  /// Model 123 Conn.
  public var isConnected = true
  public var connectionTimer = ReversionTimer()

  public init(maximumPower: Double) { self.maximumPower = maximumPower }

  /// The battery power that the storage settings ask for, DC W, discharge positive. Where the two limits
  /// contradict each other the battery rests between them.
  func batteryRange(_ battery: BatteryParameters) -> ClosedRange<Double> {
    let lower = -(storageControl & 1 != 0 ? chargeLimit : 100) / 100 * battery.chargeMax
    let upper = (storageControl & 2 != 0 ? dischargeLimit : 100) / 100 * battery.dischargeMax
    let middle = (lower + upper) / 2
    return lower <= upper ? lower...upper : middle...middle
  }

  /// AC W that the production limit leaves.
  var productionCeiling: Double {
    isProductionLimited ? maximumPower * productionLimit / 100 : maximumPower
  }

  /// Lets the timers run for `seconds`; the number of settings that were in force and got released.
  public mutating func runTimers(_ seconds: Double) -> Int {
    var released = 0
    if storageTimer.runsOut(after: seconds) {
      if storageControl != 0 { released += 1 }
      storageControl = 0
      chargeLimit = 100
      dischargeLimit = 100
    }
    if productionTimer.runsOut(after: seconds) {
      if isProductionLimited { released += 1 }
      isProductionLimited = false
    }
    if connectionTimer.runsOut(after: seconds) {
      if !isConnected { released += 1 }
      isConnected = true
    }
    return released
  }
}
