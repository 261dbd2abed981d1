public import DeviceProfile

/// Where a scan asks, in which order: what the profiles know first, then the rest within bounds.
public struct ScanPlan: Hashable, Sendable {
  /// TCP ports of a host.
  public var ports: [Int]
  /// Units behind a TCP port.
  public var units: [Int]
  /// Of a serial line: settings, and the units that are asked with them. What is likely comes first.
  public var attempts: [Attempt]
  /// All units that are asked on a line whose settings were found.
  public var lineUnits: [Int]

  public struct Attempt: Hashable, Sendable {
    public var line: SerialLine
    public var units: [Int]
  }

  /// - Parameters:
  ///   - port: the only one, where one was said.
  ///   - units: instead of those that the profiles name and the first few.
  ///   - lines: instead of every setting.
  public init(_ profiles: [DeviceProfile], port: Int? = nil, units: [Int]? = nil, lines: [SerialLine]? = nil) {
    let onTCP = profiles.filter { $0.connection.framings.contains(.tcp) }
    let onLine = profiles.filter { $0.connection.framings.contains(.rtu) }
    ports = port.map { [$0] } ?? Self.ranked([502] + onTCP.map(\.connection.port))
    // A unit of 255 is for TCP.
    let fixed = Self.ranked([1] + onTCP.compactMap(\.unit))
    self.units = (units ?? Self.unique(fixed + Array(1...Self.firstUnits) + Self.usual)).filter {
      $0 <= 255 && Self.exists($0)
    }
    let named = Self.ranked(onLine.compactMap(\.unit)).filter { $0 <= 247 }
    let all = (units ?? Self.unique(Array(1...Self.lineUnits) + named)).filter { $0 <= 247 }
    let likely = units ?? Self.unique([1, 2, 3] + named)
    let rest = all.filter { !likely.contains($0) }
    let lines = lines ?? Self.lines(onLine.compactMap(\.connection.line))
    attempts = lines.map { Attempt(line: $0, units: likely.filter(all.contains)) }
    if !rest.isEmpty { attempts += lines.map { Attempt(line: $0, units: rest) } }
    attempts.removeAll { $0.units.isEmpty }
    lineUnits = all
  }

  /// Where inverters have their meters and plants their devices: Fronius counts meters from 200, pysunspec2 looks at
  /// 126, 200, 240 and 247 as well.
  static let usual = [200, 201, 126, 240, 247]

  /// How far the units of a TCP port are counted.
  static let firstUnits = 10
  /// How far the units of a serial line are counted.
  static let lineUnits = 32

  /// Nobody has this unit: who answers under it looks at no unit at all. 248 to 254 are reserved.
  public static let nobody = 231

  private static func exists(_ unit: Int) -> Bool { (1...247).contains(unit) || unit == 255 }

  /// What the vendors set first, the more frequent the sooner; then all speeds, the usual ones first.
  private static func lines(_ known: [SerialLine]) -> [SerialLine] {
    let usual = ranked([SerialLine()] + known)
    let shapes: [(SerialLine.Parity, Int)] = [(.none, 1), (.even, 1), (.none, 2), (.odd, 1)]
    let others = [9600, 19_200, 38_400, 115_200, 57_600, 4800, 2400, 1200].flatMap { baud in
      shapes.map { SerialLine(baud: baud, parity: $0, stopBits: $1) }
    }
    return unique(usual + others)
  }

  /// The more frequent the sooner; of equals, what came first.
  private static func ranked<Element: Hashable>(_ all: [Element]) -> [Element] {
    let counts = Dictionary(all.map { ($0, 1) }, uniquingKeysWith: +)
    let order = unique(all)
    return order.enumerated().sorted { left, right in
      let (a, b) = (counts[left.element] ?? 0, counts[right.element] ?? 0)
      return a != b ? a > b : left.offset < right.offset
    }.map(\.element)
  }

  private static func unique<Element: Hashable>(_ all: [Element]) -> [Element] {
    var seen: Set<Element> = []
    return all.filter { seen.insert($0).inserted }
  }
}
