public import EnergyModel

/// Blocks that are read at one pace.
public struct ReadGroup: Hashable, Sendable {
  /// Nil: with every poll.
  public var every: Duration?
  /// In ``ReadPlan/blocks``.
  public var blocks: Range<Int>
}

/// How all points of a device are read: the requests, and what to make of their answers.
public struct ReadPlan: Hashable, Sendable {
  public let blocks: [ReadBlock]
  /// Of each block: the addresses at which it may be cut without splitting a field, its own start first.
  public let boundaries: [[Int]]
  public let registerCount: Int
  /// All blocks, the most frequent first.
  public let groups: [ReadGroup]
  private let points: [PlannedPoint]
  private let terms: [Term]
  private let fields: FieldTable
  private let tables: [[Int: Double]]
  private let landmarks: SunSpecLandmarks

  private struct PlannedPoint: Hashable, Sendable {
    var point: Point
    var terms: Range<Int>
    var range: ClosedRange<Double>
    var combination: PointDefinition.Combination
    /// In ``ReadPlan/groups``.
    var group: Int
    /// In ``ReadPlan/tables``.
    var table: Int?
  }

  private struct Term: Hashable, Sendable {
    /// Nil where the device has no such register.
    var field: Int?
    var sign: Double
    /// The sign is turned where this is not zero.
    var negative: Negative
    var condition: Condition
    var isOptional: Bool
  }

  private enum Negative: Hashable, Sendable {
    case never, absent
    case field(Int)
  }

  /// Without a field where the device has no such register.
  private enum Condition: Hashable, Sendable {
    case always
    case isOneOf(Set<Double>, field: Int?)
  }

  init(
    _ definitions: [PointDefinition], isSunSpec: Bool, rules: ReadingRules, _ locator: RegisterLocator,
    avoiding refused: RefusedRegisters = RefusedRegisters()
  ) {
    let definitions = definitions.map { $0.expanded(on: locator.map) }
    let paces = Set(definitions.map { $0.every ?? .zero }).sorted()
    let located = definitions.map { definition in
      RegisterLocator(map: locator.map, group: paces.firstIndex(of: definition.every ?? .zero) ?? 0)
    }
    let wanted = zip(definitions, located).flatMap { definition, locator in
      definition.terms.flatMap(\.fields).map { $0.spans(locator) }
    }
    let landmarks = SunSpecLandmark.all(of: wanted.flatMap(\.self), locator.map)
    let layout = BlockLayout(wanted + landmarks.map { [$0.span] }, rules: rules, avoiding: refused)
    var fields = FieldTable()
    var terms: [Term] = []
    var tables: [[Int: Double]] = []
    points = zip(definitions, located).map { definition, locator in
      let first = terms.count
      for term in definition.terms {
        let add = { (field: RegisterField) in fields.add(field, isSunSpec: isSunSpec, locator, layout) }
        let negative = term.negative.map { add($0).map(Negative.field) ?? .absent } ?? .never
        let condition = term.condition.map { Condition.isOneOf($0.numbers, field: add($0.field)) } ?? .always
        terms.append(
          Term(
            field: add(term.field), sign: term.sign, negative: negative, condition: condition,
            isOptional: term.isOptional))
      }
      let plausible = definition.point.plausibleRange
      if !definition.values.isEmpty { tables.append(definition.values) }
      return PlannedPoint(
        point: definition.point, terms: first..<terms.count,
        range: definition.range.map { $0.clamped(to: plausible) } ?? plausible,
        combination: definition.combination, group: locator.group,
        table: definition.values.isEmpty ? nil : tables.count - 1)
    }
    self.tables = tables
    self.landmarks = SunSpecLandmarks(landmarks, layout)
    self.terms = terms
    self.fields = fields
    blocks = layout.blocks
    boundaries = layout.boundaries
    registerCount = layout.registerCount
    groups = paces.enumerated().map { index, pace in
      let blocks = layout.groups.indices.filter { layout.groups[$0] == index }
      return ReadGroup(
        every: pace == .zero ? nil : pace, blocks: (blocks.first ?? 0)..<(blocks.last.map { $0 + 1 } ?? 0))
    }
  }

  /// An image of the right size, in which no block has been read yet.
  public func emptyImage() -> RegisterImage {
    RegisterImage(registerCount: registerCount, blockCount: blocks.count)
  }

  /// A SunSpec model that is not where it was found, or has another number of repetitions: then none of the registers
  /// means what it did.
  public func movedModel(in image: RegisterImage) -> SunSpecModel? { landmarks.moved(in: image) }

  /// One reading for each point of the profile, good or with the reason why not.
  /// - Parameter due: the ``groups`` whose points are wanted, because they were read now; nil for all. What was not read
  ///   has no reading: an old value never passes for a new one.
  public func decode(_ image: RegisterImage, groups due: Set<Int>? = nil) -> [Reading] {
    precondition(
      image.registers.count == registerCount && image.blocks.count == blocks.count, "the image is of another plan")
    return fields.withReader(image) { reader in
      terms.withUnsafeBufferPointer { terms in
        points.compactMap { due?.contains($0.group) ?? true ? reading($0, terms, reader) : nil }
      }
    }
  }

  @inline(__always)
  private func reading(
    _ planned: PlannedPoint, _ terms: UnsafeBufferPointer<Term>, _ reader: FieldTable.Reader
  ) -> Reading {
    var combined: Double?
    loop: for index in planned.terms {
      switch value(of: terms[index], reader) {
      case .number(let value)?:
        switch (planned.combination, combined) {
        case (_, nil): combined = value
        case (.sum, let before?): combined = before + value
        case (.highest, let before?): combined = max(before, value)
        case (.lowest, let before?): combined = min(before, value)
        case (.first, _): break
        }
        if planned.combination == .first { break loop }
      case .bad(.notImplemented)? where planned.combination == .first: continue
      case .bad(let quality)?: return Reading(planned.point, quality: quality)
      case nil: continue
      }
    }
    guard var sum = combined else { return Reading(planned.point, quality: .notImplemented) }
    if let table = planned.table {
      guard let value = Int(exactly: sum).flatMap({ tables[table][$0] }) else {
        return Reading(planned.point, quality: .outOfRange)
      }
      sum = value
    }
    guard planned.range.contains(sum) else { return Reading(planned.point, quality: .outOfRange) }
    return Reading(planned.point, sum)
  }

  /// Nil where its condition does not hold, and where it is optional and not implemented.
  @inline(__always)
  private func value(of term: Term, _ reader: FieldTable.Reader) -> FieldValue? {
    if case .isOneOf(let numbers, let field) = term.condition {
      // Whether it counts is not known: then neither is what it would count.
      guard let field else { return .bad(.notImplemented) }
      guard case .number(let told) = reader.value(of: field) else { return reader.value(of: field) }
      guard numbers.contains(told) else { return nil }
    }
    guard let field = term.field else { return .bad(.notImplemented) }
    switch (reader.value(of: field), sign(of: term, reader)) {
    case (.number(let value), .number(let sign)): return .number(value * sign)
    case (.bad(.notImplemented), _) where term.isOptional: return nil
    case (.bad(let quality), _), (_, .bad(let quality)): return .bad(quality)
    }
  }

  @inline(__always)
  private func sign(of term: Term, _ reader: FieldTable.Reader) -> FieldValue {
    switch term.negative {
    case .never: return .number(term.sign)
    case .absent: return .bad(.notImplemented)
    case .field(let field):
      guard case .number(let told) = reader.value(of: field) else { return reader.value(of: field) }
      return .number(told == 0 ? term.sign : -term.sign)
    }
  }
}
