/// A key that carries a number it can be found by. Equal keys have equal numbers; different ones may share theirs.
public protocol FlatKey: Equatable, Sendable {
  var order: Int { get }
}

/// Values by key, kept in one array in the order of the keys' numbers and found by halving. For the few dozen devices and
/// leases of a site that is several times faster than hashing, which control would do some hundred times a cycle.
public struct FlatMap<Key: FlatKey, Value>: ExpressibleByDictionaryLiteral {
  @usableFromInline struct Entry {
    @usableFromInline let order: Int
    @usableFromInline let key: Key
    @usableFromInline var value: Value

    @inlinable init(_ key: Key, _ value: Value) {
      order = key.order
      self.key = key
      self.value = value
    }
  }

  @usableFromInline var entries: [Entry]

  @inlinable public init() { entries = [] }

  @inlinable public init(dictionaryLiteral elements: (Key, Value)...) {
    entries = []
    entries.reserveCapacity(elements.count)
    for (key, value) in elements { self[key] = value }
  }

  @inlinable public var keys: some Sequence<Key> { entries.lazy.map(\.key) }
  @inlinable public var values: some Sequence<Value> { entries.lazy.map(\.value) }

  /// The place of a key, or where it belongs.
  @inlinable func find(_ key: Key) -> (place: Int, isFound: Bool) {
    let order = key.order
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].order < order { low = middle + 1 } else { high = middle }
    }
    while low < entries.count, entries[low].order == order {
      if entries[low].key == key { return (low, true) }
      low += 1
    }
    return (low, false)
  }

  @inlinable public subscript(key: Key) -> Value? {
    get {
      let (place, isFound) = find(key)
      return isFound ? entries[place].value : nil
    }
    set {
      let (place, isFound) = find(key)
      switch (newValue, isFound) {
      case (let value?, true): entries[place].value = value
      case (let value?, false): entries.insert(Entry(key, value), at: place)
      case (nil, true): entries.remove(at: place)
      case (nil, false): break
      }
    }
  }

  /// Changes a value in its place.
  @inlinable public subscript(key: Key, default fallback: @autoclosure () -> Value) -> Value {
    get { self[key] ?? fallback() }
    @inline(__always) _modify {
      let (place, isFound) = find(key)
      if !isFound { entries.insert(Entry(key, fallback()), at: place) }
      yield &entries[place].value
    }
  }

  @inlinable public func mapValues<Other>(_ transform: (Value) -> Other) -> FlatMap<Key, Other> {
    var result = FlatMap<Key, Other>()
    result.entries = entries.map { .init($0.key, transform($0.value)) }
    return result
  }
}

extension FlatMap where Key: Hashable {
  @inlinable public init(_ values: [Key: Value]) {
    self.init()
    for (key, value) in values { self[key] = value }
  }
}

extension FlatMap.Entry: Sendable where Value: Sendable {}
extension FlatMap: Sendable where Value: Sendable {}

extension FlatMap: RandomAccessCollection {
  @inlinable public var startIndex: Int { 0 }
  @inlinable public var endIndex: Int { entries.count }
  @inlinable public subscript(place: Int) -> (key: Key, value: Value) { (entries[place].key, entries[place].value) }
  @inlinable public func index(forKey key: Key) -> Int? {
    let (place, isFound) = find(key)
    return isFound ? place : nil
  }
}

extension FlatMap: Equatable where Value: Equatable {
  @inlinable public static func == (a: FlatMap, b: FlatMap) -> Bool {
    a.count == b.count && a.indices.allSatisfy { a.entries[$0].key == b.entries[$0].key && a[$0].value == b[$0].value }
  }
}

extension FlatMap: Hashable where Key: Hashable, Value: Hashable {
  @inlinable public func hash(into hasher: inout Hasher) {
    for (key, value) in self {
      hasher.combine(key)
      hasher.combine(value)
    }
  }
}
