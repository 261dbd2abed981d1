public import DeviceProfile
public import EnergyModel

/// A device as its profile describes it: values where the profile says they are, in its types, word order, scale and
/// sign; commands understood backwards, with the reversion that the profile documents.
///
/// What the profile does not know is exception 2, a request longer than it allows exception 3, a write by a function
/// that the device does not know exception 1, one that comes too soon after another exception 6.
public struct ProfileImage: UnitImage {
  public let profile: DeviceProfile
  /// Where the models are; nil where the profile is not SunSpec.
  public let map: SunSpecMap?
  /// What clients ask for at present.
  public internal(set) var setpoints: [SetpointKind: Double] = [:]
  /// How often a command ran out.
  public internal(set) var reversions = 0

  /// With a term for each repetition.
  let points: [PointDefinition]
  var cells = RegisterCells()
  /// Present values by the agent's names; nil is "not implemented".
  var values: [Point: Double] = [:]
  /// Of the scale factors.
  var exponents: [CellPlace: Int] = [:]
  /// What commands write to, and its commands' indices.
  var writable: [CellPlace: Set<Int>] = [:]
  /// What clients wrote there last.
  var received: [CellPlace: UInt16] = [:]
  /// Scale factors that commands use.
  var fixedFactors: Set<CellPlace> = []
  /// Of what commands write to, what can be read.
  var readable: Set<CellPlace> = []
  /// What clients wrote: values leave it alone.
  var written: Set<CellPlace> = []
  /// Each command's registers before anybody wrote, and its timer.
  var resting: [[CellPlace: UInt16]] = []
  var timers: [ReversionTimer] = []
  private var elapsed = Duration.zero
  private var writeReady = Duration.zero

  /// - Parameters:
  ///   - rating: what percentages refer to where no value says it, W.
  ///   - base: of the SunSpec marker.
  public init(_ profile: DeviceProfile, serial: String = "34119087", rating: Double = 10_000, base: Int = 40_000) {
    self.profile = profile
    let map = profile.isSunSpec ? SunSpecLayout(profile).map(base: base) : nil
    self.map = map
    points = profile.points.map { $0.expanded(on: map) }
    if let map {
      var identity = InverterIdentity(serial: serial)
      identity.model = String(profile.name.prefix(32))
      if let maker = profile.identity.manufacturers.first { identity.maker = Self.shortest(maker) }
      SunSpecLayout.lay(map, identity: identity, into: &cells)
    }
    declareRead()
    declareCommands(rating: rating)
    declareHeartbeat()
    encode()
    setSerial(serial)
    setIdentity()
    resting = profile.commands.indices.map(restingWords)
    timers = profile.commands.map { _ in ReversionTimer() }
  }

  public var mostClients: Int { profile.connection.maximumClients ?? 16 }
  public var idleClose: Duration? { profile.connection.idleClose }
  public var pace: ClientPace.Wish {
    ClientPace.Wish(pause: profile.reading.pause, connectDelay: profile.connection.connectDelay)
  }

  /// The device measures anew. Nil takes a value away; what is not named stays.
  public mutating func take(_ new: [Point: Double?]) {
    for (point, value) in new { values[point] = value }
    encode()
  }

  public mutating func pass(_ time: Duration) {
    elapsed += time
    for index in timers.indices where timers[index].runsOut(after: time.seconds) { revert(index) }
  }

  public mutating func answer(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply {
    guard request.isWrite else {
      try checkRead(request)
      let reply = try cells.read(request)
      for (index, command) in profile.commands.enumerated() where command.isResetByReading {
        if timers[index].remaining != nil { timers[index].restart() }
      }
      return reply
    }
    // The clock of the bench goes in steps; a client that waits long enough is never refused for them.
    guard elapsed >= writeReady - .milliseconds(300) else { throw .serverDeviceBusy }
    try write(request)
    writeReady = elapsed + profile.reading.writePause
    return .done
  }

  public mutating func restoreSettings(of earlier: any UnitImage) {
    guard let earlier = earlier as? ProfileImage else { return }
    for place in writable.keys.filter({ readable.contains($0) }) + shown { cells[place] = earlier.cells[place] }
    (setpoints, written, received, timers) = (earlier.setpoints, earlier.written, earlier.received, earlier.timers)
  }

  /// One register or coil as it stands; nil where there is none.
  public func word(_ space: RegisterSpace, _ address: Int) -> UInt16? {
    cells[CellPlace(space: space, address: address)]
  }

  public func register(of point: String) -> RegisterTarget? {
    guard let definition = points.first(where: { $0.point.rawValue == point }), definition.terms.count == 1,
      let type = WireType(rawValue: definition.terms[0].field.type.rawValue),
      let place = place(definition.terms[0].field.address),
      let space = RegisterTarget.Space(rawValue: place.space.rawValue)
    else { return nil }
    return RegisterTarget(space, place.address, type, isLowFirst: definition.terms[0].field.order == .lowFirst)
  }

  private func checkRead(_ request: ModbusRequest) throws(ModbusException) {
    guard let read = RegisterRead(request) else { return }
    guard read.registers.count <= profile.reading.maximumRegisters else { throw .illegalDataValue }
    guard profile.reading.isOneValuePerRequest else { return }
    guard let width = valueWidths[CellPlace(space: read.space.modbus, address: read.registers.lowerBound)] else {
      throw .illegalDataAddress
    }
    guard width == read.registers.count else { throw .illegalDataValue }
  }

  /// Of each value that the profile knows, by its first register.
  private var valueWidths: [CellPlace: Int] {
    var widths: [CellPlace: Int] = [:]
    for field in readFields { if let place = place(field.address) { widths[place] = field.type.width } }
    if let serial = profile.serial, let place = place(serial.address) { widths[place] = serial.length }
    for mark in profile.identity.marks { if let place = place(mark.address) { widths[place] = mark.length } }
    return widths
  }

  /// Where an address is on the wire; nil where the device has no such model.
  func place(_ address: RegisterAddress) -> CellPlace? {
    switch address {
    case .absolute(let space, let start): CellPlace(space: space, address: start)
    case .sunSpec(let address): map.flatMap { SunSpecLayout.place(address, in: $0) }
    }
  }
}

extension ProfileImage {
  /// Everything that is read as a number, for points and for commands.
  var readFields: [RegisterField] {
    points.flatMap(\.terms).flatMap(\.allFields) + profile.commands.flatMap(\.writes).flatMap(\.readFields)
  }

  /// Registers that show what commands wrote elsewhere.
  private var shown: [CellPlace] {
    profile.commands.flatMap(\.writes).flatMap { write -> [CellPlace] in
      guard case .field(let field) = write.readBack, let start = place(field.address) else { return [] }
      return (0..<field.type.width).map(start.advanced)
    }
  }

  /// Registers that a plan of the agent's reads exist, those between two values included.
  private mutating func declareRead() {
    let resolved = ResolvedProfile(profile, map: map)
    for block in resolved.readPlan.blocks + resolved.serialBlocks {
      cells.declare(CellPlace(space: block.space, address: block.start), block.count)
    }
    for field in readFields { if let place = place(field.address) { cells.declare(place, field.type.width) } }
    for field in readFields {
      guard case .factor(let address, _) = field.scale, let place = place(address) else { continue }
      cells.declare(place, 1)
    }
  }

  private mutating func setSerial(_ serial: String) {
    guard let field = profile.serial, let place = place(field.address) else { return }
    if field.isNumber {
      let number = UInt64(serial.filter(\.isNumber)) ?? 1
      cells.set(
        (0..<field.length).map { UInt16(truncatingIfNeeded: number >> (16 * UInt64($0))) }.reversed(), at: place)
    } else {
      var writer = RegisterWriter(capacity: field.length)
      writer.text(serial, registers: field.length)
      cells.set(writer.registers, at: place)
    }
  }
}

extension ProfileImage {
  /// It says of itself what its profile tells its kind by.
  private mutating func setIdentity() {
    for mark in profile.identity.marks {
      guard let place = place(mark.address) else { continue }
      switch mark.expected {
      case .numbers(let type, let order, let ranges):
        let field = RegisterField(address: mark.address, type: type, order: order)
        cells.set(field.words(ranges.first?.lowerBound ?? 0), at: place)
      case .texts(let length, let texts):
        var writer = RegisterWriter(capacity: length)
        writer.text(Self.shortest(texts.first ?? ""), registers: length)
        cells.set(writer.registers, at: place)
      }
    }
  }

  /// Of the texts that a pattern stands for.
  fileprivate static func shortest(_ pattern: String) -> String {
    pattern.hasSuffix("*") ? String(pattern.dropLast()) : pattern
  }
}

extension PointDefinition.Term {
  var allFields: [RegisterField] { [field] + [negative, condition?.field].compactMap { $0 } }
}

extension RegisterWrite {
  /// What is read for it, before or afterwards.
  var readFields: [RegisterField] {
    var fields = unless.map { [$0.field] } ?? []
    if case .field(let field) = readBack { fields.append(field) }
    for case .parameter(_, _, let percentOf, let atMost) in values {
      fields += [percentOf, atMost].compactMap { $0 }
    }
    return fields
  }
}

extension WriteValue {
  /// How many.
  var registers: Int {
    switch self {
    case .constant, .reversionTime: 1
    case .parameter(_, let field, _, _), .failsafeCurrent(let field): field.type.width
    }
  }
}

extension RegisterTarget.Space {
  var modbus: RegisterSpace { self == .holding ? .holding : .input }
}
