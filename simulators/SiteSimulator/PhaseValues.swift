/// One value for each of the three phases.
public struct PhaseValues: Hashable, Sendable {
  public var l1: Double
  public var l2: Double
  public var l3: Double

  public init(_ l1: Double, _ l2: Double, _ l3: Double) {
    self.l1 = l1
    self.l2 = l2
    self.l3 = l3
  }

  public static let zero = PhaseValues(0, 0, 0)

  /// A third on each phase.
  public init(evenly total: Double) { self.init(total / 3, total / 3, total / 3) }

  public var total: Double { l1 + l2 + l3 }

  /// 0, 1, 2 are L1, L2, L3.
  public subscript(phase: Int) -> Double {
    get { phase == 0 ? l1 : phase == 1 ? l2 : l3 }
    set {
      switch phase {
      case 0: l1 = newValue
      case 1: l2 = newValue
      default: l3 = newValue
      }
    }
  }

  public static func + (a: Self, b: Self) -> Self { Self(a.l1 + b.l1, a.l2 + b.l2, a.l3 + b.l3) }
  public static func - (a: Self, b: Self) -> Self { Self(a.l1 - b.l1, a.l2 - b.l2, a.l3 - b.l3) }
  public static func += (a: inout Self, b: Self) { a = a + b }

  public func map(_ transform: (Double) -> Double) -> Self { Self(transform(l1), transform(l2), transform(l3)) }
}
