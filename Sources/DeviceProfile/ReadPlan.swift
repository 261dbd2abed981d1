public import EnergyModel

/// How all points of a device are read: the requests, and what to make of their answers.
public struct ReadPlan: Hashable, Sendable {
  public let blocks: [ReadBlock]
  public let registerCount: Int
  private let points: [PlannedPoint]
  private let terms: [Term]
  private let fields: FieldTable
  private let tables: [[Int: Double]]

  private struct PlannedPoint: Hashable, Sendable {
    var point: Point
    var terms: Range<Int>
    var range: ClosedRange<Double>
    var isHighest: Bool
    /// In ``ReadPlan/tables``.
    var table: Int?
  }

  private struct Term: Hashable, Sendable {
    /// Nil where the device has no such register.
    var field: Int?
    var sign: Double
  }

  init(_ definitions: [PointDefinition], isSunSpec: Bool, rules: ReadingRules, _ locator: RegisterLocator) {
    let wanted = definitions.flatMap { $0.terms.map(\.field) }
    let layout = BlockLayout(wanted.flatMap { $0.spans(locator) }, rules: rules)
    var fields = FieldTable()
    var terms: [Term] = []
    var tables: [[Int: Double]] = []
    points = definitions.map { definition in
      let first = terms.count
      for term in definition.terms {
        terms.append(Term(field: fields.add(term.field, isSunSpec: isSunSpec, locator, layout), sign: term.sign))
      }
      let plausible = definition.point.plausibleRange
      if !definition.values.isEmpty { tables.append(definition.values) }
      return PlannedPoint(
        point: definition.point, terms: first..<terms.count,
        range: definition.range.map { $0.clamped(to: plausible) } ?? plausible,
        isHighest: definition.combination == .highest, table: definition.values.isEmpty ? nil : tables.count - 1)
    }
    self.tables = tables
    self.terms = terms
    self.fields = fields
    blocks = layout.blocks
    registerCount = layout.registerCount
  }

  /// An image of the right size, in which no block has been read yet.
  public func emptyImage() -> RegisterImage {
    RegisterImage(registerCount: registerCount, blockCount: blocks.count)
  }

  /// One reading for each point of the profile, good or with the reason why not.
  public func decode(_ image: RegisterImage) -> [Reading] {
    precondition(
      image.registers.count == registerCount && image.blocks.count == blocks.count, "the image is of another plan")
    return fields.withReader(image) { reader in
      terms.withUnsafeBufferPointer { terms in points.map { reading($0, terms, reader) } }
    }
  }

  @inline(__always)
  private func reading(
    _ planned: PlannedPoint, _ terms: UnsafeBufferPointer<Term>, _ reader: FieldTable.Reader
  ) -> Reading {
    if planned.terms.isEmpty { return Reading(planned.point, quality: .notImplemented) }
    var sum = planned.isHighest ? -Double.infinity : 0
    for index in planned.terms {
      let term = terms[index]
      guard let field = term.field else { return Reading(planned.point, quality: .notImplemented) }
      switch reader.value(of: field) {
      case .number(let value): sum = planned.isHighest ? max(sum, value * term.sign) : sum + value * term.sign
      case .bad(let quality): return Reading(planned.point, quality: quality)
      }
    }
    if let table = planned.table {
      guard let value = Int(exactly: sum).flatMap({ tables[table][$0] }) else {
        return Reading(planned.point, quality: .outOfRange)
      }
      sum = value
    }
    guard planned.range.contains(sum) else { return Reading(planned.point, quality: .outOfRange) }
    return Reading(planned.point, sum)
  }
}
