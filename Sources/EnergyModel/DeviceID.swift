import Synchronization

/// Names a device of the site, as the configuration writes it.
///
/// Each name is kept once, for as long as the process runs, and an ID points there: control copies, compares and looks up
/// thousands of them a second, and nothing is counted or compared letter by letter for it. So what comes from outside and
/// may be anything is looked up by ``init(known:)``.
public struct DeviceID: Hashable, Comparable, Codable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral,
  FlatKey
{
  @usableFromInline final class Entry: Sendable {
    let name: String
    init(_ name: String) { self.name = name }
  }

  private static let entries = Mutex<[String: Entry]>([:])

  /// Never released: ``entries`` holds it.
  @usableFromInline let entry: Unmanaged<Entry>

  public var name: String { entry._withUnsafeGuaranteedRef { $0.name } }

  public init(_ name: String) {
    entry = Self.entries.withLock { entries in
      if let known = entries[name] { return Unmanaged.passUnretained(known) }
      let new = Entry(name)
      entries[name] = new
      return Unmanaged.passUnretained(new)
    }
  }

  /// Nil for a name that nobody has given to a device.
  public init?(known name: String) {
    guard let found = Self.entries.withLock({ $0[name].map(Unmanaged.passUnretained) }) else { return nil }
    entry = found
  }

  public init(stringLiteral name: String) { self.init(name) }
  public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(String.self)) }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
  @inlinable public var order: Int { Int(bitPattern: entry.toOpaque()) }
  @inlinable public static func == (a: DeviceID, b: DeviceID) -> Bool { a.order == b.order }
  @inlinable public func hash(into hasher: inout Hasher) { hasher.combine(order) }
  public static func < (a: DeviceID, b: DeviceID) -> Bool { a.name < b.name }
  public var description: String { name }
}
