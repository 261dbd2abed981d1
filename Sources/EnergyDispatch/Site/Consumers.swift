public import EnergyModel

/// What takes power and can be held down.
extension SiteParameters {
  /// A load behind a relay.
  public struct SheddableLoad: Hashable, Sendable {
    public var device: DeviceID
    public var rated: Watts
    /// Lower numbers are shed first.
    public var priority: Int
    /// Critical loads are never shed.
    public var isCritical: Bool
    public var minimumOn: Duration
    public var minimumOff: Duration
    /// The most often it may be started within an hour; nil means any number.
    public var startsAnHour: Int?
    /// What the load gets when the agent dies: the relay latches, so this is what a clean stop writes.
    public var isOnWhenAgentDies: Bool
    /// What it may draw while it starts, W; the rating unless told otherwise. Twice that after an outage.
    public var pickUp: Watts
    /// Of the grid (1...3); nil where it is not known or the load takes all of them.
    public var phase: Int?
    /// How long it is let run after more is drawn than permitted. Where there is less time, others go first.
    public var within: Duration
    /// What people miss while it is off: "hot water".
    public var serves: String?
    /// How old its relay's state may be.
    public var maximumAge: Duration = .seconds(10)

    public init(
      device: DeviceID, rated: Watts, priority: Int, isCritical: Bool = false, minimumOn: Duration = .seconds(60),
      minimumOff: Duration = .seconds(60), isOnWhenAgentDies: Bool = true, startsAnHour: Int? = nil,
      pickUp: Watts? = nil, phase: Int? = nil, within: Duration = .zero, serves: String? = nil
    ) {
      self.device = device
      self.rated = rated
      self.priority = priority
      self.isCritical = isCritical
      self.minimumOn = minimumOn
      self.minimumOff = minimumOff
      self.startsAnHour = startsAnHour
      self.isOnWhenAgentDies = isOnWhenAgentDies
      self.pickUp = pickUp ?? rated
      self.phase = phase
      self.within = within
      self.serves = serves
    }
  }

  /// A wall box.
  public struct Charger: Hashable, Sendable {
    public var device: DeviceID
    /// The grid's phase (1...3) that each of the charger's own hangs on: `[2, 3, 1]` is turned, `[2]` is single-phase.
    public var phases: [Int]
    /// What it may be told, A on each phase; below its lower end a car is paused.
    public var current: ClosedRange<Double>
    /// What the charger falls back to by itself when it is no longer told, A; 0 pauses.
    public var failsafeCurrent: Double
    /// Its own timer for that; nil where it has none and keeps what it was told.
    public var reversion: Duration?
    /// What becomes of its setpoint at its end. With `hold` the reversion is a period of the agent's own.
    public var terms = LeaseTerms(expiry: .safe)
    /// Whether it can be told to use only the first of its phases.
    public var switchesPhases: Bool
    /// The least time from one change of the phases to the next: each interrupts the charge and switches contactors.
    public var minimumPhaseTime: Duration = .seconds(300)
    /// Lower numbers are throttled first.
    public var priority: Int
    /// Contactors and cars wear: a charge once begun, and a pause, last at least this long, unless something protects.
    public var minimumOn: Duration
    public var minimumOff: Duration
    public var maximumAge: Duration

    public init(
      device: DeviceID, phases: [Int] = [1, 2, 3], current: ClosedRange<Double> = 6...16, failsafeCurrent: Double = 6,
      reversion: Duration? = .seconds(60), switchesPhases: Bool = false, priority: Int = 1,
      minimumOn: Duration = .seconds(300), minimumOff: Duration = .seconds(300), maximumAge: Duration = .seconds(5)
    ) {
      self.device = device
      self.phases = phases
      self.current = current
      self.failsafeCurrent = failsafeCurrent
      self.reversion = reversion
      self.switchesPhases = switchesPhases
      self.priority = priority
      self.minimumOn = minimumOn
      self.minimumOff = minimumOff
      self.maximumAge = maximumAge
    }

    /// Phase to neutral, V (EN 50160).
    public static let nominalVoltage = 230.0

    /// What `current` (A on each of `phases`) takes, W.
    public static func power(_ current: Double, phases: Int) -> Double { current * nominalVoltage * Double(phases) }

    /// What may be drawn on one phase of three, W: more is an unbalance that the grid does not allow (VDE-AR-N 4100, 5.5:
    /// 4.6 kVA).
    static let largestUnbalance = 4600.0

    /// What a charger is told together.
    struct Setting: Hashable, Sendable {
      /// A on each phase; 0 pauses.
      var current: Double
      var phases: Int
    }

    /// The current on each of `phases` (all unless told otherwise) that keeps `power` (W), A in steps of 0.1; 0 where that
    /// is less than it can charge with.
    func current(for power: Double, phases used: Int? = nil) -> Double {
      let used = used ?? phases.count
      let most = used < phases.count ? Self.largestUnbalance : maximumPower
      let amperes = min(power, most) / Self.power(1, phases: used)
      let steps = (min(amperes, current.upperBound) * 10 + 1e-6).rounded(.down) / 10
      return steps >= current.lowerBound ? steps : 0
    }

    /// Current and phases that keep `power` (W). With three phases and 6 A it takes 4.14 kW; less than that and at least
    /// 1.38 kW asks for one phase. Where the phases may not change yet it does with those it has, or pauses.
    func setting(for power: Double, phases held: Int, canSwitch: Bool) -> Setting {
      guard switchesPhases else { return Setting(current: current(for: power), phases: phases.count) }
      var used = held
      if canSwitch {
        if power >= Self.power(current.lowerBound, phases: phases.count) {
          used = phases.count
        } else if power >= Self.power(current.lowerBound, phases: 1) {
          used = 1
        }
      }
      return Setting(current: current(for: power, phases: used), phases: used)
    }

    /// The most it takes, W.
    public var maximumPower: Double { Self.power(current.upperBound, phases: phases.count) }
    /// The least it takes while it charges, W.
    public var minimumPower: Double { minimumPower(phases: phases.count, canSwitch: switchesPhases) }

    /// The least it takes while it charges with `held` phases that may or may not change now, W.
    func minimumPower(phases held: Int, canSwitch: Bool) -> Double {
      Self.power(current.lowerBound, phases: switchesPhases && canSwitch ? 1 : held)
    }
  }

  /// A heat pump with two contacts, SG-Ready (Bundesverband Wärmepumpe, states 1 to 4): 1 blocked, 2 normal, 3 may take
  /// more, 4 has to take more. A larger state takes more.
  public struct HeatPump: Hashable, Sendable {
    public var device: DeviceID
    /// The most it takes, the heating rod included.
    public var rated: Watts
    /// Lower numbers are blocked first.
    public var priority: Int
    /// False with one contact, which only blocks.
    public var canBoost: Bool
    public var minimumOn: Duration
    /// A block lasts at least this long.
    public var minimumOff: Duration
    /// A block lasts at most this long; afterwards the pump is let run for as long as it was blocked.
    public var longestBlock: Duration
    public var startsAnHour: Int?
    public var isBlockedWhenAgentDies: Bool
    public var maximumAge: Duration

    public init(
      device: DeviceID, rated: Watts, priority: Int, canBoost: Bool = true, minimumOn: Duration = .seconds(600),
      minimumOff: Duration = .seconds(600), longestBlock: Duration = .seconds(7200), startsAnHour: Int? = 3,
      isBlockedWhenAgentDies: Bool = false, maximumAge: Duration = .seconds(10)
    ) {
      self.device = device
      self.rated = rated
      self.priority = priority
      self.canBoost = canBoost
      self.minimumOn = minimumOn
      self.minimumOff = minimumOff
      self.longestBlock = longestBlock
      self.startsAnHour = startsAnHour
      self.isBlockedWhenAgentDies = isBlockedWhenAgentDies
      self.maximumAge = maximumAge
    }
  }
}
