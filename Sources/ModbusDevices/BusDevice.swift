public import DeviceProfile
public import EnergyModel

/// One device behind a Modbus connection.
public struct BusDevice: Sendable {
  public var id: DeviceID
  public var profile: DeviceProfile
  /// 1...247, or 255 on TCP.
  public var unit: Int
  /// Where present, writing needs the device to report the same.
  public var serial: String?
  /// From one poll to the next; zero polls again at once.
  public var period: Duration
  /// False refuses every command.
  public var mayWrite: Bool

  public init(
    id: DeviceID, profile: DeviceProfile, unit: Int, serial: String?, period: Duration, mayWrite: Bool
  ) {
    self.id = id
    self.profile = profile
    self.unit = unit
    self.serial = serial
    self.period = period
    self.mayWrite = mayWrite
  }
}
