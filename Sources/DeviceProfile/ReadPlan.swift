public import EnergyModel

/// How all points of a device are read: the requests, and what to make of their answers.
public struct ReadPlan: Hashable, Sendable {
  public let blocks: [ReadBlock]
  public let registerCount: Int
  private let points: [PlannedPoint]

  private struct PlannedPoint: Hashable, Sendable {
    struct Term: Hashable, Sendable {
      /// Nil where the device has no such register.
      var field: LocatedField?
      var sign: Double
    }

    var point: Point
    var first: Term
    var others: [Term]
    var range: ClosedRange<Double>
  }

  init(_ definitions: [PointDefinition], isSunSpec: Bool, rules: ReadingRules, _ locator: RegisterLocator) {
    let fields = definitions.flatMap { $0.terms.map(\.field) }
    let layout = BlockLayout(fields.flatMap { $0.spans(locator) }, rules: rules)
    blocks = layout.blocks
    registerCount = layout.registerCount
    points = definitions.compactMap { definition in
      let terms = definition.terms.map { term in
        PlannedPoint.Term(
          field: LocatedField(term.field, isSunSpec: isSunSpec, locator, layout), sign: term.sign)
      }
      guard let first = terms.first else { return nil }
      let plausible = definition.point.plausibleRange
      return PlannedPoint(
        point: definition.point, first: first, others: Array(terms.dropFirst()),
        range: definition.range.map { $0.clamped(to: plausible) } ?? plausible)
    }
  }

  /// An image of the right size, in which no block has been read yet.
  public func emptyImage() -> RegisterImage {
    RegisterImage(registerCount: registerCount, blockCount: blocks.count)
  }

  /// One reading for each point of the profile, good or with the reason why not.
  public func decode(_ image: RegisterImage) -> [Reading] {
    var readings: [Reading] = []
    readings.reserveCapacity(points.count)
    for index in points.indices { readings.append(Self.reading(points[index], image)) }
    return readings
  }

  @inline(__always)
  private static func reading(_ planned: borrowing PlannedPoint, _ image: borrowing RegisterImage) -> Reading {
    guard case .number(var sum) = value(planned.first, image) else {
      return Reading(planned.point, quality: quality(planned.first, image))
    }
    for term in planned.others {
      guard case .number(let value) = value(term, image) else {
        return Reading(planned.point, quality: quality(term, image))
      }
      sum += value
    }
    guard planned.range.contains(sum) else { return Reading(planned.point, quality: .outOfRange) }
    return Reading(planned.point, sum)
  }

  @inline(__always)
  private static func value(_ term: PlannedPoint.Term, _ image: borrowing RegisterImage) -> FieldValue {
    guard case .number(let value)? = term.field?.value(in: image) else { return .bad(.notImplemented) }
    return .number(value * term.sign)
  }

  private static func quality(_ term: PlannedPoint.Term, _ image: borrowing RegisterImage) -> Quality {
    guard case .bad(let quality)? = term.field?.value(in: image) else { return .notImplemented }
    return quality
  }
}
