public import EnergyModel

/// What the site as a whole has to keep.
extension SiteParameters {
  /// Amperes per phase at the connection.
  public struct Fuse: Hashable, Sendable {
    public var phases: Int
    public var rating: Amperes

    public init(phases: Int, rating: Amperes) {
      self.phases = phases
      self.rating = rating
    }
  }

  /// The most that may flow into the grid.
  public struct FeedInCap: Hashable, Sendable {
    public var limit: Watts
    /// The inverter that holds the permanent cap itself; leases only tighten it.
    public var storedIn: DeviceID?

    public init(limit: Watts, storedIn: DeviceID?) {
      self.limit = limit
      self.storedIn = storedIn
    }
  }

  /// Devices that the grid operator may limit (such as §14a EnWG): what they draw from the grid together.
  public struct Controllable: Hashable, Sendable {
    /// Chargers, heat pumps and hybrids whose battery charges from the grid.
    public var devices: [DeviceID]

    public init(devices: [DeviceID]) { self.devices = devices }

    /// The share that further devices count with, by the number of all (BNetzA BK6-22-300, annex 1, 4.5.2).
    private static let simultaneity = [0.80, 0.75, 0.70, 0.65, 0.60, 0.55, 0.50, 0.45]

    /// The least that a limit leaves to `count` devices together, W: 4.2 kW and for each further one a share of it.
    public static func guaranteedPower(_ count: Int) -> Double {
      guard count > 0 else { return 0 }
      let share = count == 1 ? 0 : simultaneity[min(count - 2, simultaneity.count - 1)]
      return 4200 * (1 + Double(count - 1) * share)
    }
  }

  /// Peak shaving on the meter's quarter hours.
  public struct Demand: Hashable, Sendable {
    /// The mean import of a quarter hour that is kept; the month's peak, once higher, takes its place.
    public var target: Watts
    /// What a kilowatt of the month's peak costs, ct.
    public var price: Double?

    public init(target: Watts, price: Double? = nil) {
      self.target = target
      self.price = price
    }
  }

  /// Prices by local time of day, ct/kWh.
  public struct Tariff: Hashable, Sendable {
    public struct Window: Hashable, Sendable {
      public var time: DayWindow
      public var price: Double

      public init(start: Int, end: Int, price: Double) {
        time = DayWindow(start: start, end: end)
        self.price = price
      }
    }

    /// Together the whole day, each minute once.
    public var buy: [Window]
    /// Where no window of ``sellWindows`` says otherwise.
    public var sell: Double
    public var sellWindows: [Window]

    public init(buy: [Window], sell: Double, sellWindows: [Window] = []) {
      self.buy = buy
      self.sell = sell
      self.sellWindows = sellWindows
    }

    /// - Parameter minute: of the local day.
    public func sellPrice(at minute: Int) -> Double {
      sellWindows.first { $0.time.contains(minute) }?.price ?? sell
    }

    public func buyPrice(at minute: Int) -> Double? { buy.first { $0.time.contains(minute) }?.price }
  }
}
