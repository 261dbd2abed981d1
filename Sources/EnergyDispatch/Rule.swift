import EnergyModel
import Forecasting

/// The classes of rules, the strongest first. Where limits conflict, the weaker class yields.
enum RuleClass: Int, Comparable, CaseIterable, Sendable {
  case deviceProtection, legalLimit, siteProtection, island, backupReserve, ownersOverride, contract, ownersPlan
  case economics

  /// Whether it goes on while the crash guard is up.
  var isProtective: Bool { self <= .siteProtection }

  static func < (a: RuleClass, b: RuleClass) -> Bool { a.rawValue < b.rawValue }
}

/// An interval that a quantity has to stay in, and why.
struct Limit: Hashable, Sendable {
  var quantity: ControlledQuantity
  var interval: Interval
  /// A few stable words that name the cause without numbers: what is new in a decision is told by them.
  var cause: String
  /// In words with values, fit to follow "because".
  var reason: Reason
  var mention = Mention.whenItCuts

  /// Whether the sentence speaks of a bound; the list of bounds has all of them.
  enum Mention: Hashable, Sendable {
    case always
    /// Only where the site would do something else without it.
    case whenItCuts
    /// A bound of every day.
    case never

    func isSaid(cuts: Bool) -> Bool { self == .always || (self == .whenItCuts && cuts) }
  }
}

/// What a rule would like to have.
struct Wish: Hashable, Sendable {
  enum Target: Hashable, Sendable {
    /// The inverter's own control loop, within the limits.
    case selfRegulated
    /// A value of the quantity.
    case value(Double)
  }

  var quantity: ControlledQuantity
  var target: Target
  /// What it is for, as the beginning of a sentence: "the hybrid covers the house itself".
  var purpose: Reason
}

/// A quantity that must be left alone: its leases are not refreshed and run out, so that the device
/// falls back to its own control.
struct HandsOff: Hashable, Sendable {
  var quantity: ControlledQuantity
  var reason: Reason
  /// True where a limit that the device may still hold would do harm: it is opened once, at once.
  var isUrgent = false
}

/// What a rule says in one cycle.
struct Contribution: Hashable, Sendable {
  var limits: [Limit] = []
  /// At most one for each quantity.
  var wishes: [Wish] = []
  var handsOff: [HandsOff] = []
  /// What needs to be told while it lasts, once: keyed by its stable name.
  var alarms: [Alarm] = []
  /// True while the rule lacks a measurement and assumes the worst.
  var isBlind = false
  /// Of what it keeps a limit on: what may still come back, see ``StagedReturn``.
  var room: PickUpRoom?

  var isSilent: Bool {
    limits.isEmpty && wishes.isEmpty && handsOff.isEmpty && alarms.isEmpty && !isBlind && room == nil
  }

  init(
    limits: [Limit] = [], wish: Wish? = nil, handsOff: [HandsOff] = [], alarms: [Alarm] = [], isBlind: Bool = false
  ) {
    self.limits = limits
    wishes = wish.map { [$0] } ?? []
    self.handsOff = handsOff
    self.alarms = alarms
    self.isBlind = isBlind
  }

  struct Alarm: Hashable, Sendable {
    var name: String
    var severity: Event.Severity
    var device: DeviceID?
    var text: Reason
  }
}

/// Everything a rule looks at, apart from its parameters and its memory.
struct RuleInput: Sendable {
  var view: SiteView
  var forecast: Forecast?
  var orders: StandingOrders
  var switches: SwitchHistory
  var consumers: ConsumerHistory
  var zone: TimeZoneTable
  /// What the channels say.
  var channels = ChannelStates()
  /// What batteries keep for outages.
  var reserves = Reserves()
  /// After several crashes: limits take their failsafe values, see ``CrashGuard``.
  var isGuarded = false

  var now: Moment { view.now }
}

/// What a rule has to remember. Persisted as text of ages and states; instants mean nothing after a
/// restart.
protocol RuleMemory: Hashable, Sendable {
  /// The worst case: nothing is known of what was before.
  static func lost(at now: MonotonicInstant) -> Self
  /// Nil when the text cannot be understood.
  init?(saved: Substring, at now: MonotonicInstant)
  /// Empty where there is nothing to keep: after a restart that is ``lost(at:)``.
  func saved(at now: MonotonicInstant) -> String
  /// False where the text tells of no ages: then it changes with the memory alone.
  static var hasAges: Bool { get }
}

extension RuleMemory {
  static var hasAges: Bool { true }
}

/// What need not outlast a restart: what is measured tells it anew. All of them are alike in what is kept of them, nothing.
protocol FleetingMemory: RuleMemory {
  init()
}

extension FleetingMemory {
  static func lost(at now: MonotonicInstant) -> Self { Self() }
  init?(saved: Substring, at now: MonotonicInstant) { self.init() }
  func saved(at now: MonotonicInstant) -> String { "" }
  static var hasAges: Bool { false }
  static func == (a: Self, b: Self) -> Bool { true }
  func hash(into hasher: inout Hasher) {}
}

/// For rules that need none.
struct NoMemory: FleetingMemory {}

/// A pure function from what is seen and remembered to limits and wishes.
protocol Rule: Sendable {
  associatedtype Memory: RuleMemory
  var name: String { get }
  /// What the rule is about, where there may be several: keeps their memories apart.
  var subject: String { get }
  var precedence: RuleClass { get }
  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution
}

extension Array {
  /// In most cycles there is nothing to add, and to append nothing costs more than to look.
  mutating func add(_ more: [Element]) { if !more.isEmpty { self += more } }
}
