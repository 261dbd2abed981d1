import EnergyModel

/// A limit of a rule and whether it holds.
struct Bound: Hashable, Sendable {
  var rule: String
  var precedence: RuleClass
  var limit: Limit
  var holds: Bool
  /// The stronger rule that it yielded to.
  var yieldedTo: String?
}

/// What arbitration left of one quantity.
struct Resolution: Sendable {
  struct Winner: Hashable, Sendable {
    var rule: String
    var wish: Wish
  }

  var quantity: ControlledQuantity
  /// What is physically possible, and what of it is allowed.
  var physical: Interval
  var allowed: Interval
  /// In the order of precedence.
  var bounds: [Bound]
  /// Places among ``bounds`` of those that made the ends what they are; nil where they are physical.
  fileprivate var lowest: Int?
  fileprivate var highest: Int?
  var winner: Winner?
  /// Not nil: the quantity is left alone.
  var handsOff: Reason?
  /// Of a charger: what its power comes to.
  var setting: SiteParameters.Charger.Setting?
  /// Of a charger: the least it can charge with, W.
  var least: Double?
  /// Left alone, and what the device still holds is opened at once.
  var isReleased = false

  var lowerBy: Bound? { lowest.map { bounds[$0] } }
  var upperBy: Bound? { highest.map { bounds[$0] } }

  /// The wish's value within the limits; nil without a wish and where the device regulates itself.
  var target: Double? {
    guard case .value(let value)? = winner?.wish.target else { return nil }
    return allowed.clamp(value)
  }

  /// Whether what protects has made one of the ends what it is.
  var isProtective: Bool {
    highest.map { bounds[$0].precedence.isProtective } ?? false
      || lowest.map { bounds[$0].precedence.isProtective } ?? false
  }

  /// With nothing forbidden and nothing wished.
  var released: Resolution {
    var open = Resolution(quantity: quantity, physical: physical, allowed: physical, bounds: [])
    open.isReleased = true
    return open
  }

  /// Binds it further once all rules were heard, to something that they allow.
  mutating func hold(_ limit: Limit, by rule: String, _ precedence: RuleClass) {
    guard let left = allowed.intersection(limit.interval) else { return }
    if left.lower > allowed.lower { lowest = bounds.count }
    if left.upper < allowed.upper { highest = bounds.count }
    allowed = left
    bounds.append(Bound(rule: rule, precedence: precedence, limit: limit, holds: true))
  }

  /// The rule that decided: what bound the quantity, or else what wished it.
  var owner: String { (highest ?? lowest).map { bounds[$0].rule } ?? winner?.rule ?? "limits" }
}

/// Brings what the rules say together: limits class by class, the strongest first, then the strongest wish
/// clamped into what is left. A limit that would leave nothing yields, as far as it has to.
struct Arbitration: Sendable {
  private let untouched: [Resolution]
  private let places: FlatMap<ControlledQuantity, Int>

  init(_ quantities: [(quantity: ControlledQuantity, physical: Interval)]) {
    untouched = quantities.map { Resolution(quantity: $0, physical: $1, allowed: $1, bounds: []) }
    var places = FlatMap<ControlledQuantity, Int>()
    for (place, entry) in quantities.enumerated() where places[entry.quantity] == nil { places[entry.quantity] = place }
    self.places = places
  }

  func resolve(_ statements: [Statement]) -> [Resolution] {
    var resolutions = untouched
    var isInOrder = true
    let given = statements.span
    for index in given.indices.dropFirst() where given[index].precedence < given[index - 1].precedence {
      isInOrder = false
    }
    let ordered = isInOrder ? statements : statements.sorted(by: { $0.precedence < $1.precedence })
    // Looked at in their places: to copy out each statement costs more than to look at it.
    let span = ordered.span
    for index in span.indices {
      let limits = span[index].contribution.limits.span
      for each in limits.indices {
        guard let place = places[limits[each].quantity] else { continue }
        apply(limits[each], of: span[index].rule, span[index].precedence, to: &resolutions[place])
      }
      for wish in span[index].contribution.wishes {
        guard let place = places[wish.quantity], resolutions[place].winner == nil else { continue }
        resolutions[place].winner = .init(rule: span[index].rule, wish: wish)
      }
      for hands in span[index].contribution.handsOff {
        guard let place = places[hands.quantity] else { continue }
        if resolutions[place].handsOff == nil { resolutions[place].handsOff = hands.reason }
        if hands.isUrgent { resolutions[place].isReleased = true }
      }
    }
    return resolutions
  }

  private func apply(_ limit: Limit, of rule: String, _ precedence: RuleClass, to resolution: inout Resolution) {
    var yieldedTo: String?
    let before = resolution.allowed
    if let left = before.intersection(limit.interval) {
      resolution.allowed = left
    } else {
      let nearest = before.nearest(to: limit.interval)
      // Yielding to what is physically possible is no conflict between rules.
      yieldedTo = opponent(of: limit, in: resolution)?.rule
      resolution.allowed = Interval(nearest, nearest)
    }
    if resolution.allowed.lower > before.lower { resolution.lowest = resolution.bounds.count }
    if resolution.allowed.upper < before.upper { resolution.highest = resolution.bounds.count }
    resolution.bounds.append(
      Bound(rule: rule, precedence: precedence, limit: limit, holds: yieldedTo == nil, yieldedTo: yieldedTo))
  }

  private func opponent(of limit: Limit, in resolution: Resolution) -> Bound? {
    let against = resolution.bounds.lazy.filter { $0.limit.interval.intersection(limit.interval) == nil }
    return against.first { $0.holds } ?? against.first
  }
}
