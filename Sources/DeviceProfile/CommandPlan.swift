public import EnergyModel

/// How one command is written: first ``blocks`` are read (scale factors, references of percentages, as
/// the device has them *now*), then the setpoints are encoded with them.
public struct CommandPlan: Hashable, Sendable {
  public let definition: CommandDefinition
  public let blocks: [ReadBlock]
  public let registerCount: Int
  private let writes: [PlannedWrite]
  private let fields: FieldTable
  private let landmarks: SunSpecLandmarks

  private struct PlannedWrite: Hashable, Sendable {
    var space: RegisterSpace
    var address: Int
    var values: [PlannedValue]
    var definition: RegisterWrite
    var shown: RegisterSpan?
    var unless: [EncodedWrite.Expectation]
  }

  private enum PlannedValue: Hashable, Sendable {
    case constant(UInt16)
    case parameter(Parameter)
  }

  private struct Parameter: Hashable, Sendable {
    var kind: SetpointKind
    var type: RegisterType
    var order: WordOrder
    var scale: LocatedScale
    var isPercent: Bool
    /// What percent refer to, in the plan's table.
    var reference: Int?
    /// The most that the device takes, in the plan's table.
    var most: Int?
    /// Patterns that the device would take for "not implemented".
    var reserved: Set<UInt64>
  }

  init(_ definition: CommandDefinition, _ resolved: ResolvedProfile) throws(CommandRefusal) {
    let locator = resolved.locator
    var wanted: [[RegisterSpan]] = []
    for value in definition.writes.flatMap(\.values) {
      guard case .parameter(_, let field, let percentOf, let atMost) = value else { continue }
      wanted += [field.scale.spans(locator), percentOf?.spans(locator) ?? [], atMost?.spans(locator) ?? []]
    }
    let written = definition.writes.compactMap { locator.locate($0.start, count: 1) }
    let landmarks = SunSpecLandmark.all(of: written + wanted.flatMap(\.self), locator.map)
    let layout = BlockLayout(wanted + landmarks.map { [$0.span] }, rules: resolved.profile.reading)
    self.definition = definition
    blocks = layout.blocks
    registerCount = layout.registerCount
    var planned: [PlannedWrite] = []
    var fields = FieldTable()
    for write in definition.writes { planned.append(try Self.plan(write, definition, resolved, layout, &fields)) }
    writes = planned
    self.landmarks = SunSpecLandmarks(landmarks, layout)
    self.fields = fields
  }

  /// An image of the right size, in which no block has been read yet.
  public func emptyImage() -> RegisterImage {
    RegisterImage(registerCount: registerCount, blockCount: blocks.count)
  }

  private static func plan(
    _ write: RegisterWrite, _ definition: CommandDefinition, _ resolved: ResolvedProfile, _ layout: BlockLayout,
    _ fields: inout FieldTable
  ) throws(CommandRefusal) -> PlannedWrite {
    let width = write.values.reduce(0) { $0 + $1.width }
    guard let span = resolved.locator.locate(write.start, count: width), width <= 123 else {
      throw .registerAbsent(write.start)
    }
    guard span.space == .holding || span.space == .coil else { throw .notWritable(span.space) }
    var values: [PlannedValue] = []
    for value in write.values { values.append(try plan(value, definition, resolved, layout, &fields)) }
    if write.function == .single, width != 1 { throw .notOneRegister }
    var planned = PlannedWrite(
      space: span.space, address: span.start, values: values, definition: write, unless: [])
    if case .field(let field) = write.readBack {
      guard let shown = resolved.locator.locate(field.address, count: field.type.width), width == 1 else {
        throw .registerAbsent(field.address)
      }
      planned.shown = shown
    }
    if let exemption = write.unless {
      let field = exemption.field
      guard let span = resolved.locator.locate(field.address, count: field.type.width) else {
        throw .registerAbsent(field.address)
      }
      planned.unless = exemption.raw.map {
        .init(span.space, span.start, field.order.registers($0, width: field.type.width))
      }
    }
    return planned
  }

  private static func plan(
    _ value: WriteValue, _ definition: CommandDefinition, _ resolved: ResolvedProfile, _ layout: BlockLayout,
    _ fields: inout FieldTable
  ) throws(CommandRefusal) -> PlannedValue {
    switch value {
    case .constant(let register): return .constant(register)
    case .reversionTime:
      guard let seconds = definition.reversion?.components.seconds, let register = UInt16(exactly: seconds),
        (1..<0xFFFF).contains(register)
      else { throw .reversionTimeInvalid }
      return .constant(register)
    case .failsafeCurrent: throw .failsafeCurrentMissing
    case .parameter(let kind, let field, let percentOf, let atMost):
      let isSunSpec = resolved.profile.isSunSpec
      guard let scale = LocatedScale(field.scale, resolved.locator, layout) else { throw .scaleMissing(kind) }
      let reference = percentOf.flatMap { fields.add($0, isSunSpec: isSunSpec, resolved.locator, layout) }
      let most = atMost.flatMap { fields.add($0, isSunSpec: isSunSpec, resolved.locator, layout) }
      if atMost != nil, most == nil { throw .limitMissing(kind) }
      let reserved = isSunSpec ? field.type.sunSpecNotImplemented : nil
      return .parameter(
        Parameter(
          kind: kind, type: field.type, order: field.order, scale: scale, isPercent: percentOf != nil,
          reference: reference, most: most, reserved: field.notImplemented.union(reserved.map { [$0] } ?? [])))
    }
  }

  /// The transfers, in order.
  /// - Parameter references: what ``blocks`` brought.
  public func encode(
    _ setpoints: [Setpoint], with references: RegisterImage
  ) throws(CommandRefusal) -> [EncodedWrite] {
    precondition(
      references.registers.count == registerCount && references.blocks.count == blocks.count,
      "the image is of another plan")
    if let moved = landmarks.unconfirmed(in: references) { throw .modelUnconfirmed(id: moved.id) }
    var encoded: [EncodedWrite] = []
    var isTaken = !writes.contains { !$0.definition.only.isEmpty }
    for write in writes {
      if !write.definition.only.isEmpty {
        guard try belongs(write.definition.only, setpoints) else { continue }
        isTaken = true
      }
      var registers: [UInt16] = []
      for value in write.values {
        switch value {
        case .constant(let register): registers.append(register)
        case .parameter(let parameter): registers += try encode(parameter, setpoints, references)
        }
      }
      encoded.append(try transfer(registers, write))
    }
    // Settings that go along are no answer to a value that no write takes.
    if !isTaken, let first = setpoints.first(where: { $0.kind == definition.parameters.first }) {
      throw .outOfRange(first.kind, first.value)
    }
    return encoded
  }

  private func belongs(
    _ only: [SetpointKind: ClosedRange<Double>], _ setpoints: [Setpoint]
  ) throws(CommandRefusal) -> Bool {
    for (kind, range) in only {
      guard let setpoint = setpoints.first(where: { $0.kind == kind }) else { throw .parameterMissing(kind) }
      guard range.contains(setpoint.value) else { return false }
    }
    return true
  }

  private func transfer(_ registers: [UInt16], _ write: PlannedWrite) throws(CommandRefusal) -> EncodedWrite {
    var readBack: EncodedWrite.Expectation? = .init(write.space, write.address, registers)
    switch write.definition.readBack {
    case .same: break
    case .nowhere: readBack = nil
    case .field(let field):
      guard let span = write.shown, let bits = field.type.bits(of: Double(registers[0])) else {
        throw .registerAbsent(field.address)
      }
      readBack = .init(span.space, span.start, field.order.registers(bits, width: field.type.width))
    }
    return EncodedWrite(
      space: write.space, address: write.address, registers: registers, function: write.definition.function,
      readBack: readBack, isKept: write.definition.isKept, isTimer: write.definition.isTimer, unless: write.unless,
      every: write.definition.every)
  }

  private func encode(
    _ parameter: Parameter, _ setpoints: [Setpoint], _ references: RegisterImage
  ) throws(CommandRefusal) -> [UInt16] {
    let kind = parameter.kind
    guard let setpoint = setpoints.first(where: { $0.kind == kind }) else { throw .parameterMissing(kind) }
    guard setpoint.value.isFinite else { throw .outOfRange(kind, setpoint.value) }
    let isBattery = kind == .chargeLimit || kind == .dischargeLimit
    var value = setpoint.value
    if let field = parameter.most {
      guard case .number(let most) = fields.value(of: field, in: references), most >= 0 else {
        throw .limitMissing(kind)
      }
      value = min(max(value, -most), most)
    }
    if parameter.isPercent {
      guard let field = parameter.reference, case .number(let reference) = fields.value(of: field, in: references),
        reference > 0
      else { throw .referenceMissing(kind) }
      value = min(max(value / reference * 100, isBattery ? -100 : 0), 100)
    }
    guard case .number(var raw) = parameter.scale.invert(value, references) else { throw .scaleMissing(kind) }
    // A battery that is forced has a limit below zero in the other direction; a device that cannot say that gets zero.
    if isBattery, !parameter.type.isSigned { raw = max(0, raw) }
    guard let bits = parameter.type.bits(of: raw), !parameter.reserved.contains(bits) else {
      throw .outOfRange(kind, setpoint.value)
    }
    return parameter.order.registers(bits, width: parameter.type.width)
  }
}

extension ResolvedProfile {
  /// The plan of the command that takes exactly these setpoints together.
  public func plan(_ setpoints: [Setpoint]) throws(CommandRefusal) -> CommandPlan {
    var kinds = Set<SetpointKind>()
    for setpoint in setpoints where !kinds.insert(setpoint.kind).inserted { throw .parameterTwice(setpoint.kind) }
    if let definition = profile.commands.first(where: { Set($0.parameters) == kinds }) {
      return try CommandPlan(definition, self)
    }
    let wider = profile.commands.first { !kinds.isEmpty && kinds.isSubset(of: $0.parameters) }
    if let missing = wider?.parameters.first(where: { !kinds.contains($0) }) { throw .parameterMissing(missing) }
    throw .noSuchCommand(setpoints.map(\.kind))
  }
}

extension WriteValue {
  /// Number of registers (or of coils).
  var width: Int {
    switch self {
    case .constant, .reversionTime: 1
    case .parameter(_, let field, _, _), .failsafeCurrent(let field): field.type.width
    }
  }
}
