public import EnergyModel

/// What the owner wants.
extension SiteParameters {
  /// An outage that the grid operator announced.
  public struct Outage: Hashable, Sendable {
    public var start: Timestamp
    public var end: Timestamp
    /// What the batteries should hold when it begins, %.
    public var reserve: Percent

    public init(start: Timestamp, end: Timestamp, reserve: Percent) {
      self.start = start
      self.end = end
      self.reserve = reserve
    }
  }

  /// A window of the owner's plan, by the reading of the wall clock at the site.
  public struct PlanWindow: Hashable, Sendable {
    public var time: DayWindow
    public var battery: StandingOrders.Override

    public init(time: DayWindow, battery: StandingOrders.Override) {
      self.time = time
      self.battery = battery
    }
  }

  /// What holds while the site runs as an island.
  public struct IslandParameters: Hashable, Sendable {
    /// The state of charge below which loads of a priority are shed, %. Priorities that are not named here share
    /// the window of the state of charge, see ``IslandRule``.
    public var shedBelow: [Int: Double] = [:]

    public init() {}
  }
}

/// A part of the local day, in minutes of the wall clock: from `start` up to but not including `end`. An end at or before
/// the start is the next day's.
///
/// Membership goes by what the clock on the wall reads: when it is put forward a window may be skipped, when it is put
/// back a window may come twice.
public struct DayWindow: Hashable, Sendable {
  public static let minutesOfDay = 1440

  /// 0...1439.
  public var start: Int
  /// 0...1440.
  public var end: Int

  public init(start: Int, end: Int) {
    self.start = start
    self.end = end
  }

  public func contains(_ minute: Int) -> Bool {
    start < end ? (start..<end).contains(minute) : minute >= start || minute < end
  }
}
