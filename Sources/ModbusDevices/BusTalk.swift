public import DeviceProfile
public import EnergyModel

/// A bus in the hands of a person with a tool: polls and commands are those of the agent, by the same code, and happen
/// when they are asked for. It blocks, and belongs to the thread that made it.
public final class BusTalk {
  private let link: ModbusLink
  public let devices: [DeviceTalk]

  /// - Parameters:
  ///   - pause: rest of the line between requests to two different units.
  ///   - devices: all that are to be talked to: a serial port can be opened only once.
  public init(_ endpoint: BusEndpoint, pause: Duration = .zero, devices: [BusDevice], time: any TimeSource) {
    let connections = devices.map(\.profile.connection)
    let link = ModbusLink(
      endpoint,
      manners: .init(
        unitPause: pause, connectDelay: connections.map(\.connectDelay).max() ?? .zero,
        idleClose: connections.compactMap(\.idleClose).min()))
    let connectTimeout = devices.map(\.profile.reading.timeout).max() ?? .seconds(1)
    self.link = link
    self.devices = devices.map { DeviceTalk($0, link: link, connectTimeout: connectTimeout, time: time) }
  }

  public func close() { link.close() }
}
