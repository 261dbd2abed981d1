import EnergyModel

/// What the channels say in one control cycle.
struct ChannelStates: Hashable, Sendable {
  /// A limit that applies now.
  struct Applied: Hashable, Sendable {
    enum Origin: Hashable, Sendable {
      /// Asked for; nil: until it is released.
      case running(ends: MonotonicInstant?)
      /// The contact is active.
      case contact
      /// Nobody can be trusted to say otherwise.
      case failsafe
    }

    var channel: String
    var `class`: SiteParameters.Channel.Class
    var quantity: LimitedQuantity
    /// W, or % of the installed PV.
    var value: Double
    var origin: Origin

    /// How long it still lasts; nil where nobody knows.
    func lasts(at now: MonotonicInstant) -> Duration? {
      guard case .running(let ends?) = origin else { return nil }
      return max(.zero, ends - now)
    }

    /// A few stable words, see ``Limit/cause``.
    var cause: String {
      switch origin {
      case .running: "running limit"
      case .contact: "contact"
      case .failsafe: "failsafe"
      }
    }

    /// Fit to follow "because".
    func reason(_ input: RuleInput) -> Reason {
      switch origin {
      case .running(let ends?): "\(words) \(end: ends - input.now.monotonic, input)"
      case .running(nil): words
      case .contact: "\(words) while its contact is active"
      case .failsafe: "\(words) as long as nothing is heard of it"
      }
    }

    /// Who allows what, without how long.
    var words: Reason {
      switch quantity {
      case .importPower: "\(channel) allows an import of \(watts: value)"
      case .controllablePower: "\(channel) allows the controllable devices \(watts: value) from the grid"
      case .exportPower: "\(channel) allows an export of \(watts: value)"
      case .exportPercent: "\(channel) allows an export of \(percent: value) of the installed PV"
      }
    }
  }

  struct Channel: Hashable, Sendable {
    var name: String
    var trust: ChannelTrust.State
  }

  /// In the order of the configuration.
  var channels: [Channel] = []
  /// Empty while the site is an island: they bind at the grid connection only.
  var applied: [Applied] = []
  /// What is new with the channels and their limits.
  var events: [Event] = []

  init() {}

  /// The strictest limit of a class on one quantity. Of equal ones that of the first channel.
  func strictest(_ quantity: LimitedQuantity, _ class: SiteParameters.Channel.Class) -> Applied? {
    var strictest: Applied?
    for limit in applied where limit.quantity == quantity && limit.class == `class` {
      if limit.value < strictest?.value ?? .infinity { strictest = limit }
    }
    return strictest
  }

  /// What may be fed into the grid in a class, W, and the limit that says so.
  /// `min(export_power, export_percent / 100 · Σ peak)`, `peak` being the installed PV of all hybrids, W.
  func strictestExport(peak: Double, _ class: SiteParameters.Channel.Class) -> (power: Double, limit: Applied)? {
    let power = strictest(.exportPower, `class`).map { (power: $0.value, limit: $0) }
    let share = strictest(.exportPercent, `class`).map { (power: $0.value / 100 * peak, limit: $0) }
    guard let power, let share else { return power ?? share }
    return share.power < power.power ? share : power
  }
}

extension SiteParameters.Channel.Class {
  var precedence: RuleClass { self == .legal ? .legalLimit : .contract }
  /// As the beginning of a rule's name.
  var name: String { self == .legal ? "legal" : "contract" }
}
