/// What a log records: which points, and how often. It is the identity of a log: another choice is another
/// log with another epoch.
public struct ReportingChoice: Hashable, Sendable, CustomStringConvertible {
  /// How often the values of a point are recorded.
  public enum Manner: Hashable, Sendable, CustomStringConvertible {
    /// Every reading.
    case raw
    /// One record for each interval, aligned with UTC; see ``Point/summary`` for what stands for the interval.
    case average(over: Duration)
    /// When the value differs by more than `deadBand`, in the point's unit, from the one last recorded, when
    /// its quality changes, and at the latest after `atLeastEvery`.
    case onChange(deadBand: Double, atLeastEvery: Duration)

    public var description: String {
      switch self {
      case .raw: "raw"
      case .average(let interval): "average \(interval.milliseconds) ms"
      case .onChange(let band, let longest): "change \(band) \(longest.milliseconds) ms"
      }
    }
  }

  public struct Rule: Hashable, Sendable, CustomStringConvertible {
    public var points: Set<Point>
    public var manner: Manner

    public init(_ manner: Manner, points: Set<Point> = Set(Point.allCases)) {
      self.points = points
      self.manner = manner
    }

    /// "all" stands for the whole vocabulary, so that a point that joins it does not change the choice.
    public var description: String {
      let names = points.count == Point.allCases.count ? ["all"] : points.map(\.rawValue).sorted()
      return "\(manner): \(names.joined(separator: ","))"
    }
  }

  /// The first rule that names a point decides; a point that none names is not recorded.
  public var rules: [Rule]

  public init(_ rules: [Rule]) { self.rules = rules }

  public static let raw = ReportingChoice([Rule(.raw)])

  public func manner(of point: Point) -> Manner? { rules.first { $0.points.contains(point) }?.manner }

  /// The same text for the same choice, for ever: the journal compares it.
  public var description: String { rules.map(\.description).joined(separator: "; ") }
}

/// A telemetry log that a destination reads: its name on the wire and what it records.
public struct LogPlan: Hashable, Sendable {
  public var name: String
  public var choice: ReportingChoice

  public init(name: String = "telemetry", choice: ReportingChoice = .raw) {
    self.name = name
    self.choice = choice
  }
}
