import DeviceProfile
import EnergyModel
import ModbusDevices
public import TestKit
import Threads

/// Many exchanges with devices that misbehave at random, and a judge that knows what every value has to be: each register
/// tells where it is or when it was read, so that the answer to another question, or to an earlier one, shows.
public struct BusSoak: Sendable {
  /// What a bus can tell from a good answer, and must never take for one.
  public static let detectable: [ModbusPeer.Behaviour] = [
    .swallow, .late(milliseconds: 80), .late(milliseconds: 1000), .givenToTheNext, .drip(milliseconds: 8), .exception(4), .exception(6),
    .wrongTransaction, .wrongUnit, .wrongFunction, .shortAnswer, .cut, .badChecksum, .ignoreWrite,
  ]
  /// What nobody can tell.
  public static let residual: [ModbusPeer.Behaviour] = [.altered]

  public struct Result: Hashable, Sendable {
    public var exchanges = 0
    public var faults: [ModbusPeer.Behaviour: Int] = [:]
    public var goodValues = 0
    /// Marked good, and not what the device had at that time and place.
    public var wrongValues = 0
    public var confirmed = 0
    public var notConfirmed = 0
    /// Reported as written, while the device has another value.
    public var confirmedWithoutEffect = 0
  }

  public var isSerial: Bool
  public var exchanges: Int
  /// Of a thousand requests.
  public var faultsPerMille: Int
  public var faults: [ModbusPeer.Behaviour]
  public var lines: Int
  public var seed: UInt64

  public init(
    isSerial: Bool, exchanges: Int, faultsPerMille: Int, faults: [ModbusPeer.Behaviour], lines: Int, seed: UInt64
  ) {
    self.isSerial = isSerial
    self.exchanges = exchanges
    self.faultsPerMille = faultsPerMille
    self.faults = faults
    self.lines = lines
    self.seed = seed
  }

  static let units = [1, 2]
  static let timeout = Duration.milliseconds(50)

  /// - Throws: where nothing is exchanged any more.
  public func run() async throws -> Result {
    let dice = FaultDice(faults, perMille: faultsPerMille, seed: seed)
    let peers = try (0..<lines).map { _ in
      try ModbusPeer(serial: isSerial, value: Self.register, decide: { dice.throwFor($0) })
    }
    let judges = peers.map { SoakJudge($0) }
    let buses = zip(peers, judges).map { peer, judge in
      ModbusBus(
        name: "soak",
        isSerial ? .serial(path: peer.path, line: SerialLine()) : .tcp(host: "127.0.0.1", port: peer.port),
        devices: Self.units.map { Self.device($0) }, time: SystemTime(), samples: judge, reports: judge, events: judge)
    }
    for (bus, judge) in zip(buses, judges) {
      judge.attach { bus.submit($0) }
      bus.start()
    }
    var count = 0
    var idle = 0
    while count < exchanges, idle < 100 {
      try await Task.sleep(for: .milliseconds(100))
      let now = peers.reduce(0) { $0 + $1.requestCount }
      idle = now == count ? idle + 1 : 0
      count = now
    }
    for bus in buses { bus.stop() }
    for bus in buses { bus.join() }
    for peer in peers { peer.stop() }
    if count < exchanges { throw TestKitError.didNotStart("an exchange in ten seconds") }
    var result = judges.reduce(into: Result()) { $1.add(to: &$0) }
    result.exchanges = count
    result.faults = dice.counts
    return result
  }

  /// Even registers tell their place, odd ones when they were read; the limit is in register 200.
  @Sendable static func register(_ unit: Int, _ address: Int) -> UInt16? {
    if address == 200 { return 0 }
    guard address < 200 else { return nil }
    return address % 2 == 0 ? UInt16(unit << 8 | address) : stamp(.current)
  }

  /// In steps of 4 ms.
  static func stamp(_ instant: MonotonicInstant) -> UInt16 {
    UInt16(truncatingIfNeeded: instant.nanoseconds / 4_000_000)
  }

  /// Points that take any number at any time, and where they are: in three requests of one length, so that an answer to
  /// one would fit the others.
  static let places: [Point: Int] = [
    .operatingState: 0, .batteryState: 1, .acPowerRating: 100, .chargePowerMax: 101, .dischargePowerMax: 150,
    .alarms: 151,
  ]

  private static func device(_ unit: Int) -> BusDevice {
    func field(_ address: Int) -> RegisterField {
      RegisterField(address: .absolute(.holding, address), type: .uint16)
    }
    let limit = RegisterWrite(
      start: .absolute(.holding, 200), values: [.parameter(.productionLimit, field: field(200))])
    let profile = DeviceProfile(
      name: "soak", title: "Device of the soak", source: "this file", confidence: .single,
      reading: ReadingRules(timeout: timeout),
      points: places.sorted { $0.value < $1.value }.map { PointDefinition($0.key, [.init(field($0.value))]) },
      commands: [
        CommandDefinition(
          name: "limit", parameters: [.productionLimit], onExpiry: .hold, reversion: nil, writes: [limit])
      ])
    return BusDevice(
      id: DeviceID("\(unit)"), profile: profile, unit: unit, serial: nil, period: .zero, mayWrite: true)
  }
}
