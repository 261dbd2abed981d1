/// Values by point, kept in one array in the order of the vocabulary. A bit for each point tells whether it is there, and the
/// number of bits below it tells its place: control looks up some hundred points a cycle.
public struct PointMap<Value>: ExpressibleByDictionaryLiteral {
  /// The bit of a point is its ``Point/order``.
  @usableFromInline var present: UInt64 = 0
  @usableFromInline var held: [Value] = []

  @inlinable public init() {}

  @inlinable public init(dictionaryLiteral elements: (Point, Value)...) {
    held.reserveCapacity(elements.count)
    for (point, value) in elements { self[point] = value }
  }

  @inlinable public init(_ values: [Point: Value]) {
    for (point, value) in values { self[point] = value }
  }

  @inlinable public var count: Int { held.count }
  @inlinable public var isEmpty: Bool { held.isEmpty }
  @inlinable public var keys: some Sequence<Point> { lazy.map(\.key) }
  @inlinable public var values: some Sequence<Value> { held }

  /// The place of a point, or where it belongs.
  @inlinable func find(_ point: Point) -> (place: Int, isFound: Bool) {
    let bit = Self.bit(point)
    return ((present & (bit &- 1)).nonzeroBitCount, present & bit != 0)
  }

  @inlinable static func bit(_ point: Point) -> UInt64 { 1 &<< UInt64(truncatingIfNeeded: point.order) }

  @inlinable mutating func insert(_ value: Value, _ point: Point, at place: Int) {
    held.insert(value, at: place)
    present |= Self.bit(point)
  }

  @inlinable public subscript(point: Point) -> Value? {
    get {
      let (place, isFound) = find(point)
      return isFound ? held[place] : nil
    }
    set {
      let (place, isFound) = find(point)
      switch (newValue, isFound) {
      case (let value?, true): held[place] = value
      case (let value?, false): insert(value, point, at: place)
      case (nil, true):
        held.remove(at: place)
        present &= ~Self.bit(point)
      case (nil, false): break
      }
    }
  }

  @inlinable public func mapValues<Other>(_ transform: (Value) -> Other) -> PointMap<Other> {
    var result = PointMap<Other>()
    result.present = present
    result.held = held.map(transform)
    return result
  }

  /// Those of `others` take the place of what is here.
  @inlinable public mutating func merge(_ others: PointMap) {
    for (point, value) in others { self[point] = value }
  }
}

extension PointMap: Sequence {
  public struct Iterator: IteratorProtocol {
    /// The bits of the points to come.
    @usableFromInline var left: UInt64
    @usableFromInline var values: IndexingIterator<[Value]>

    @inlinable init(_ map: PointMap) {
      left = map.present
      values = map.held.makeIterator()
    }

    @inlinable public mutating func next() -> (key: Point, value: Value)? {
      guard let value = values.next() else { return nil }
      // Only bits of points are ever set.
      let point = unsafeBitCast(UInt8(truncatingIfNeeded: left.trailingZeroBitCount), to: Point.self)
      left &= left &- 1
      return (point, value)
    }
  }

  @inlinable public func makeIterator() -> Iterator { Iterator(self) }
}

extension PointMap: Sendable where Value: Sendable {}
extension PointMap.Iterator: Sendable where Value: Sendable {}
extension PointMap: Equatable where Value: Equatable {}
extension PointMap: Hashable where Value: Hashable {}
