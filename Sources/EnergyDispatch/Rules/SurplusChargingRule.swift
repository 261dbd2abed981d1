import EnergyModel

/// Charges cars from what would otherwise be exported. Class: economics.
///
///     surplus = Σ cars + Σ boosted heat pumps − grid − Σ batteries (discharge +) − what the batteries can take
///
/// from readings taken together; the last term counts only while the batteries go first (below
/// ``SiteParameters/batteryFirstBelow``, 2 % of hysteresis) and is all they can charge with. What a car itself takes is added back, so that its own power does not
/// move the surplus: the loop cannot swing. It is smoothed over half a minute (a kettle, a cloud), acted on every ten seconds (slower
/// than the slowest meter and the car), beyond a dead band of half an ampere, and rises by at most five amperes at a time.
///
/// A charge begins once the surplus has covered the least it takes for a minute, and pauses once it has not for a minute and the
/// charger's minimum time is over; until then the car gets the least it can charge with. The chargers that are throttled last
/// are served first. Readings that do not add up keep what is for half a minute; then there is no surplus.
struct SurplusChargingRule: Rule {
  static let name = "surplus-car"
  private static let smoothing = 30.0
  private static let patience: Duration = .seconds(30)
  private static let lasting: Duration = .seconds(60)
  private static let settling: Duration = .seconds(10)
  /// A on each phase.
  private static let deadBand = 0.5
  private static let rise = 5.0
  /// A car that was told long ago and draws less leaves the rest to others, W.
  private static let tolerance = 500.0
  private static let taken: Duration = .seconds(30)

  /// Those that are throttled last come first.
  let chargers: [SiteParameters.Charger]
  var name: String { Self.name }
  let subject = ""
  var precedence: RuleClass { .economics }

  init(site: SiteParameters) {
    chargers = site.chargers.sorted { ($1.priority, $1.device) < ($0.priority, $0.device) }
  }

  func evaluate(_ input: RuleInput, _ memory: inout SurplusMemory) -> Contribution {
    if memory.cars.count != chargers.count { memory.cars = chargers.map { _ in .init() } }
    smooth(input, &memory)
    var contribution = Contribution()
    var left = memory.surplus ?? 0
    for (index, charger) in chargers.enumerated() {
      guard let history = input.consumers.charger(charger.device), let seen = input.view.charger(charger.device)
      else { continue }
      guard seen.isConnected != false else {
        memory.cars[index] = .init()
        contribution.wishes.append(wish(charger, 0, "no car is connected"))
        continue
      }
      let least = history.minimumPower(at: input.now.monotonic)
      follow(charger, history, left: left, least: least, input.now.monotonic, &memory.cars[index])
      let wished = memory.cars[index].wish
      contribution.wishes.append(wish(charger, wished, purpose(wished, left, least, input, memory)))
      left -= takes(memory.cars[index], seen, input.now.monotonic)
    }
    return contribution
  }

  private func wish(_ charger: SiteParameters.Charger, _ power: Double, _ purpose: Reason) -> Wish {
    Wish(quantity: .charging(charger.device), target: .value(power), purpose: purpose)
  }

  private func purpose(
    _ wished: Double, _ left: Double, _ least: Double, _ input: RuleInput, _ memory: SurplusMemory
  ) -> Reason {
    guard memory.surplus != nil else { return "the surplus is unknown" }
    if wished > 0 {
      return left >= least
        ? "there is a surplus of \(watts: left)"
        : "it pauses only when the surplus stays below the \(watts: least) it needs"
    }
    let surplus: Reason =
      left >= least
      ? "the surplus of \(watts: left) has yet to last for a minute"
      : "the surplus of \(watts: max(0, left)) is less than the \(watts: least) it needs"
    return input.view.surplus?.isBatteryFirst == true ? "\(surplus), and the battery comes first" : surplus
  }

  /// What of the surplus is spoken for by one car.
  private func takes(_ car: SurplusMemory.Car, _ seen: SiteView.Charger, _ now: MonotonicInstant) -> Double {
    guard let power = seen.power, let changed = car.changed, now - changed >= Self.taken else { return car.wish }
    return min(car.wish, power + Self.tolerance)
  }

  private func smooth(_ input: RuleInput, _ memory: inout SurplusMemory) {
    let now = input.now.monotonic
    guard let found = input.view.surplus else {
      let since = memory.blindSince ?? now
      memory.blindSince = since
      if now - since >= Self.patience {
        memory.surplus = nil
        memory.taken = nil
      }
      return
    }
    memory.blindSince = nil
    guard let before = memory.surplus, let taken = memory.taken else {
      memory.surplus = found.forCars
      memory.taken = found.taken
      return
    }
    let passed = (found.taken - taken).seconds
    guard passed > 0 else { return }
    memory.surplus = before + (found.forCars - before) * passed / (Self.smoothing + passed)
    memory.taken = found.taken
  }

  private func follow(
    _ charger: SiteParameters.Charger, _ history: ChargerHistory, left: Double, least: Double,
    _ now: MonotonicInstant, _ car: inout SurplusMemory.Car
  ) {
    if !car.isKnown {
      // What is found charging after a start goes on with the least until it is known whether there is enough.
      car = .init(wish: history.isOn == true ? least : 0, isKnown: true)
    }
    guard (left < least) == (car.wish > 0) else {
      car.otherSince = nil
      if car.wish > 0 { adjust(charger, to: min(max(left, least), charger.maximumPower), now, &car) }
      return
    }
    let since = car.otherSince ?? now
    car.otherSince = since
    if car.wish > 0 { adjust(charger, to: least, now, &car) }
    guard now - since >= Self.lasting, history.remaining(at: now) == .zero else { return }
    car = .init(wish: car.wish > 0 ? 0 : least, changed: now, isKnown: true)
  }

  private func adjust(
    _ charger: SiteParameters.Charger, to wanted: Double, _ now: MonotonicInstant, _ car: inout SurplusMemory.Car
  ) {
    let ampere = SiteParameters.Charger.power(1, phases: charger.phases.count)
    if let changed = car.changed, now - changed < Self.settling { return }
    guard (wanted - car.wish).magnitude > Self.deadBand * ampere || (wanted != car.wish && car.changed == nil) else {
      return
    }
    car.wish = min(wanted, car.wish + Self.rise * ampere)
    car.changed = now
  }
}
