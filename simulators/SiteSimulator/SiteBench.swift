import EnergyModel

/// The world and the devices that stand in it: what they measured last, and how they answer.
public struct SiteBench: Sendable {
  public enum Device: CaseIterable, Hashable, Sendable {
    case inverter, meter, relay, wallBox

    /// How long it thinks about an answer; the meter and the relay sit behind a slow serial bus.
    public var latency: Duration {
      switch self {
      case .inverter: .milliseconds(6)
      case .meter: .milliseconds(35)
      case .relay: .milliseconds(12)
      case .wallBox: .milliseconds(20)
      }
    }

    /// How long the unit thinks. Further meters than the first sit behind a fast gateway, so that one connection
    /// serves fifty of them each second.
    public func latency(unit: UInt8) -> Duration { self == .meter && unit > 1 ? .milliseconds(2) : latency }

    /// How often it measures.
    var refresh: Duration { self == .meter ? .seconds(1) : .milliseconds(500) }
  }

  public private(set) var world: SiteWorld
  private let identity: InverterIdentity
  private let script: LoadScript?
  /// What holds beside the script.
  private let overrides: Overrides
  private var wallBoxView: Truth
  private var wallBoxDue = Duration.zero
  /// When the wall box may be written again.
  private var wallBoxReady = Duration.zero
  private var elapsed = Duration.zero
  private var inverterView: Truth
  private var inverterRegisters: [UInt16] = []
  private var meterImage: MeterImage
  private var meterRegisters: [UInt16] = []
  /// Units 2... on the meter's bus.
  private let furtherMeters: Int
  /// When each device measures next.
  private var inverterDue = Duration.zero
  private var meterDue = Duration.zero

  /// - Parameter furtherMeters: 0...246; meters like the first as units 2... of the meter's bus.
  public init(world: SiteWorld, identity: InverterIdentity, script: LoadScript? = nil, furtherMeters: Int = 0) {
    self.world = world
    self.identity = identity
    self.script = script
    overrides = world.overrides
    wallBoxView = world.truth
    self.furtherMeters = furtherMeters
    meterImage = MeterImage(world.truth)
    inverterView = world.truth
    measure()
  }

  /// Time passes for the world and its devices.
  public mutating func step(by duration: Duration) {
    if let line = script?.line(at: elapsed.seconds) {
      world.overrides = overrides.with(line)
    }
    world.step(by: duration)
    elapsed += duration
    measure()
  }

  /// Takes the new measurements that are due; between them the devices serve the old ones.
  private mutating func measure() {
    let isInverterDue = elapsed >= inverterDue
    if isInverterDue {
      inverterView = world.truth
      inverterDue += Device.inverter.refresh
    }
    // Settings and their timers are the inverter's own state, not a measurement: never late.
    if isInverterDue || world.settings != servedSettings { refreshInverter() }
    if elapsed >= wallBoxDue {
      wallBoxView = world.truth
      wallBoxDue += Device.wallBox.refresh
    }
    if elapsed >= meterDue {
      meterImage = MeterImage(world.truth)
      meterRegisters = meterImage.registers
      meterDue += Device.meter.refresh
    }
  }

  private var servedSettings: InverterSettings?

  private mutating func refreshInverter() {
    servedSettings = world.settings
    inverterRegisters = inverterImage.registers
  }

  private var inverterImage: InverterImage {
    InverterImage(identity: identity, parameters: world.parameters, truth: inverterView, settings: world.settings)
  }

  /// One device's answer to one request. Nil is silence.
  public mutating func answer(_ frame: ModbusFrame, from device: Device) -> ModbusFrame? {
    var reply = frame
    do throws(ModbusException) {
      reply.body = try answer(try ModbusRequest(frame.body), from: device, unit: frame.unit)
        .unit(answering: frame.body)
    } catch {
      reply.body = [(frame.body.first ?? 0) | 0x80, error.rawValue]
    }
    return reply
  }

  /// The units that a device answers as, on a bus of its own.
  func units(of device: Device) -> [UInt8] {
    switch device {
    case .inverter, .relay: [1]
    case .meter: (1...UInt8(1 + furtherMeters)).map { $0 }
    case .wallBox: [255]
    }
  }

  mutating func answer(
    _ request: ModbusRequest, from device: Device, unit: UInt8
  ) throws(ModbusException) -> ModbusReply {
    guard unit == (device == .wallBox ? 255 : 1) || isFurtherMeter(unit, device) else { throw .gatewayTargetFailed }
    return switch device {
    case .inverter: try answerAsInverter(request)
    case .meter: try answerAsMeter(request, unit: Int(unit))
    case .relay: try answerAsRelay(request)
    case .wallBox: try answerAsWallBox(request)
    }
  }

  /// Takes back what was written into a device since `earlier`.
  mutating func restoreSettings(of device: Device, from earlier: SiteBench) {
    switch device {
    case .inverter:
      world.settings = earlier.world.settings
      refreshInverter()
    case .meter: break
    case .relay: world.relays = earlier.world.relays
    case .wallBox: world.wallBox = earlier.world.wallBox
    }
  }

  private func isFurtherMeter(_ unit: UInt8, _ device: Device) -> Bool {
    device == .meter && unit > 1 && Int(unit) <= 1 + furtherMeters
  }

  private mutating func answerAsInverter(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply {
    switch request {
    case .readHolding(let address, let count):
      return .registers(try Self.cut(inverterRegisters, at: address - SunSpecChain.base, count))
    case .writeRegister(let address, let value): try write([value], at: address)
    case .writeRegisters(let address, let values): try write(values, at: address)
    default: throw .illegalFunction
    }
    return .done
  }

  private mutating func write(_ values: [UInt16], at address: Int) throws(ModbusException) {
    try world.settings.write(
      values, at: address, present: inverterRegisters, rating: world.parameters.inverter.rating,
      powerFactor: inverterImage.powerFactor)
    world.countWrite()
    refreshInverter()
  }

  /// The meter takes at most 40 parameters a request, whole ones only.
  private func answerAsMeter(_ request: ModbusRequest, unit: Int) throws(ModbusException) -> ModbusReply {
    guard case .readInput(let address, let count) = request else { throw .illegalFunction }
    guard count <= 80 else { throw .illegalDataValue }
    guard address % 2 == 0, count % 2 == 0 else { throw .illegalDataAddress }
    let registers = unit == 1 ? meterRegisters : meterImage.ofFurtherMeter(unit: unit).registers
    return .registers(try Self.cut(registers, at: address, count))
  }

  private mutating func answerAsRelay(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply {
    switch request {
    case .readCoils(let address, let count):
      return .bits(try Self.cut(world.relays, at: address, count))
    case .readDiscrete(let address, let count):
      return .bits(try Self.cut(world.inputs, at: address, count))
    case .writeCoil(let address, let isOn):
      try switchCoils([isOn], at: address)
    case .writeCoils(let address, let areOn):
      try switchCoils(areOn, at: address)
    default: throw .illegalFunction
    }
    return .done
  }

  /// One value a request; a write sooner than five seconds after the last finds it busy.
  private mutating func answerAsWallBox(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply {
    guard let parameters = world.parameters.wallBox else { throw .gatewayTargetFailed }
    switch request {
    case .readHolding(let address, let count):
      let image = WallBoxImage(parameters: parameters, truth: wallBoxView, settings: world.wallBox)
      guard let registers = image.registers(at: address) else { throw .illegalDataAddress }
      guard count == 2 else { throw .illegalDataValue }
      return .registers(registers)
    case .writeRegister(let address, let value):
      // The clock of the bench goes in steps; a client that waits long enough is never refused for them.
      guard elapsed >= wallBoxReady - .milliseconds(300) else { throw .serverDeviceBusy }
      try world.wallBox.write(value, at: address, rating: parameters.rating)
      world.countWallBoxWrite()
      wallBoxReady = elapsed + .seconds(5)
      return .done
    default: throw .illegalFunction
    }
  }

  private mutating func switchCoils(_ areOn: [Bool], at address: Int) throws(ModbusException) {
    guard address + areOn.count <= world.relays.count else { throw .illegalDataAddress }
    for (index, isOn) in areOn.enumerated() { world.relays[address + index] = isOn }
  }

  private static func cut<Element>(
    _ elements: [Element], at start: Int, _ count: Int
  ) throws(ModbusException) -> [Element] {
    guard start >= 0, start + count <= elements.count else { throw .illegalDataAddress }
    return Array(elements[start..<start + count])
  }
}
