public import EnergyModel

/// Everything that was asked of the site from outside and still holds: it accepts or refuses commands, lets what was
/// accepted begin, take each other's place and end, and hands a ``StandingOrders`` to each control cycle.
///
/// A pure value: the clock is an argument. Durations run on the monotonic clock from receipt. While nobody vouches for the
/// wall clock, only what tightens is accepted: a limit that is not laxer than the running one, a reserve, loads to shed.
public struct OrderBook: Sendable {
  /// An order that was accepted.
  struct Kept: Hashable, Sendable {
    var destination: DestinationID
    var issuer: String
    var id: String
    var demand: Demand.Order
    var starts: MonotonicInstant
    /// Nil: until it is released.
    var ends: MonotonicInstant?
    /// It held in a cycle, so that it is executed and not expired when it ends.
    var hasBegun = false

    var slot: Demand.Slot { demand.slot(destination) }
  }

  /// What was said about one command, and what it did to others.
  public struct Verdict: Hashable, Sendable {
    /// The first is the command's own.
    public var results: [CommandResult]
    /// It came before, and nothing was done.
    public var isRepeated = false
    /// It tightens a limit: it acts at once, before it is saved.
    public var actsAtOnce = false
    /// It was accepted, and a restart has to know it.
    public var isWorthKeeping = false
  }

  /// Orders of one destination that may be kept at once: none fills the room of another.
  static let mostOrders = 256
  /// How far ahead an order may start, and how long it may last.
  static let longest: Duration = .seconds(31 * 86_400)
  /// A release that waited for longer says nothing about now.
  static let longestWait: Duration = .seconds(3600)
  /// A clock of a peer that is further ahead is wrong.
  static let clockTolerance: Duration = .seconds(300)

  let site: String
  let reader: DemandReader
  var answers = AnswerBook()
  /// In the order of their arrival; after a restart in that of their begins, and of their arrival among equals.
  var orders: [Kept] = []
  /// When each channel last spoke, since the start.
  private var heartbeats: [String: MonotonicInstant] = [:]
  private var words: [String: MonotonicInstant] = [:]
  /// As of the last look, and until when it stays true.
  var standing: (orders: StandingOrders, until: MonotonicInstant?)?
  /// What became of commands and was not taken yet.
  var untold: [CommandResult] = []

  /// - Parameters:
  ///   - site: the site's id, as commands name it.
  ///   - authorities: what each destination may ask for.
  public init(site: String, parameters: SiteParameters, authorities: [DestinationID: Authority]) {
    self.site = site
    reader = DemandReader(parameters, authorities: authorities)
  }

  /// Whether anything holds or waits to.
  public var isRunning: Bool { !orders.isEmpty }

  /// When something begins or ends next; nil while nothing does.
  private func nextChange(after now: MonotonicInstant) -> MonotonicInstant? {
    orders.flatMap { [$0.starts, $0.ends].compactMap { $0 } }.filter { $0 > now }.min()
  }

  // MARK: What comes

  /// Decides about a command. Nothing that is refused changes what holds.
  public mutating func accept(
    _ command: Command, from destination: DestinationID, isRetained: Bool, at now: Moment
  ) -> Verdict {
    if let known = answers.answer(command.id, from: destination) {
      return Verdict(results: [known], isRepeated: true)
    }
    func answer(_ outcome: CommandResult.Outcome, _ reason: String) -> CommandResult {
      CommandResult(destination: destination, id: command.id, outcome: outcome, reason: reason, at: now)
    }
    // The same command may still come as it should, so this is no answer to be repeated.
    guard !isRetained else {
      let reason = "it is retained: the broker would repeat it with each connection"
      return Verdict(results: [answer(.refused, reason)])
    }
    let before = untold.count
    var verdict = Verdict(results: [])
    do throws(Refusal) {
      guard command.site == site else { throw Refusal("it is for the site \(Refusal.quoted(command.site))") }
      try answers.count(command.counter, of: command.issuer, from: destination)
      switch try reader.read(command, from: destination) {
      case .release(let channel, let quantity):
        try checkRelease(command, at: now)
        let count = release(channel, quantity, by: command.id, at: now)
        let what = quantity?.rawValue ?? "everything"
        let effect = count == 0 ? "nothing was limited" : "\(count == 1 ? "one limit" : "\(count) limits") ended"
        verdict.results = [answer(.executed, "\(what) of the channel \(channel) is released: \(effect)")]
      case .order(let order):
        let kept = try keep(order, command, from: destination, at: now)
        if case .limit(let channel, _, _) = order {
          verdict.actsAtOnce = isTightening(order, from: destination) && kept.starts <= now.monotonic
          words[channel] = now.monotonic
        }
        orders.append(kept)
        verdict.results = [answer(.accepted, Self.told(kept, at: now))]
        replace(at: now)
      }
      verdict.isWorthKeeping = true
    } catch {
      verdict.results = [answer(error.outcome, error.reason)]
    }
    verdict.results.forEach { answers.note($0) }
    verdict.results += untold[before...]
    untold.removeSubrange(before...)
    standing = nil
    return verdict
  }

  /// A channel's sign of life. It counts from when it was sent, where clocks can tell: a link that was away brings old ones.
  /// - Returns: false for a channel that is not this destination's.
  public mutating func hear(
    _ channel: String, sent: Timestamp, from destination: DestinationID, at now: Moment
  ) -> Bool {
    guard (try? reader.channel(channel, of: destination)) != nil else { return false }
    let delay = now.isClockTrusted ? min(max(.zero, now.wall - sent), Self.longest) : .zero
    heartbeats[channel] = max(now.monotonic - delay, heartbeats[channel] ?? now.monotonic - delay)
    standing = nil
    return true
  }

  // MARK: What holds

  /// What holds now. What began or ended since the last look is told by ``takeResults()``.
  public mutating func standing(at now: Moment) -> StandingOrders {
    if let standing, standing.until.map({ now.monotonic < $0 }) ?? true { return standing.orders }
    replace(at: now)
    end(at: now)
    var result = StandingOrders()
    for name in reader.channels.keys {
      var channel = StandingOrders.ChannelOrders()
      channel.lastHeartbeat = heartbeats[name]
      channel.lastWord = words[name]
      result.channels[name] = channel
    }
    for order in orders { add(order, isComing: order.starts > now.monotonic, to: &result) }
    standing = (result, nextChange(after: now.monotonic))
    return result
  }

  /// What became of commands since the last call.
  public mutating func takeResults() -> [CommandResult] {
    defer { untold = [] }
    return untold
  }

  private func add(_ kept: Kept, isComing: Bool, to result: inout StandingOrders) {
    func order<Value>(_ value: Value) -> StandingOrders.Order<Value> {
      .init(value: value, starts: kept.starts, ends: kept.ends, id: kept.id, issuer: kept.destination.name)
    }
    switch kept.demand {
    case .limit(let channel, let quantity, let value) where isComing:
      result.coming.limits.append(order(.init(channel: channel, quantity: quantity, value: value)))
    case .limit(let channel, let quantity, let value):
      result.channels[channel]?.limits[quantity] = .init(value: value, ends: kept.ends, id: kept.id)
    case .batteryPower(let power) where isComing: result.coming.batteryPower.append(order(power))
    case .batteryPower(let power): result.batteryPower.append(order(power))
    // A reserve is raised ahead of its begin.
    case .reserve(let percent): result.reserve.append(order(percent))
    case .shed(let loads) where isComing: result.coming.shed.append(order(loads))
    case .shed(let loads): result.shed.append(order(loads))
    }
  }

  /// What has begun takes the place of what it finds in its slot, the one that began last wins; of two that begin together
  /// the one that came last.
  private mutating func replace(at now: Moment) {
    var current: [Demand.Slot: Int] = [:]
    var replaced: [Int: Int] = [:]
    for index in orders.indices where orders[index].starts <= now.monotonic {
      let other = current[orders[index].slot]
      if let other, orders[other].starts > orders[index].starts {
        replaced[index] = other
      } else {
        if let other { replaced[other] = index }
        current[orders[index].slot] = index
      }
    }
    for (index, other) in replaced.sorted(by: { $0.key < $1.key }) {
      tell(orders[index], .superseded, "\(orders[other].id) takes its place", at: now)
    }
    orders = orders.indices.filter { replaced[$0] == nil }.map { orders[$0] }
    for index in orders.indices where orders[index].starts <= now.monotonic {
      // One that was over before anybody looked never began.
      if orders[index].ends.map({ now.monotonic < $0 }) ?? true { orders[index].hasBegun = true }
    }
  }

  private mutating func end(at now: Moment) {
    let over = orders.filter { $0.ends.map { $0 <= now.monotonic } ?? false }
    guard !over.isEmpty else { return }
    orders.removeAll { $0.ends.map { $0 <= now.monotonic } ?? false }
    for order in over {
      if order.hasBegun {
        tell(order, .executed, "\(order.demand.words) held until its end", at: now)
      } else {
        tell(order, .expired, "its time passed while nobody could execute it", at: now)
      }
    }
  }

  mutating func tell(_ order: Kept, _ outcome: CommandResult.Outcome, _ reason: String, at now: Moment) {
    let result = CommandResult(
      destination: order.destination, id: order.id, outcome: outcome, reason: reason, at: now)
    answers.note(result)
    untold.append(result)
  }

  /// - Returns: how many limits ended.
  private mutating func release(
    _ channel: String, _ quantity: LimitedQuantity?, by id: String, at now: Moment
  ) -> Int {
    words[channel] = now.monotonic
    func isMeant(_ order: Kept) -> Bool {
      guard case .limit(channel, let limited, _) = order.demand else { return false }
      return quantity == nil || limited == quantity
    }
    let released = orders.filter(isMeant)
    orders.removeAll(where: isMeant)
    for order in released { tell(order, .executed, "released by \(id)", at: now) }
    return released.count
  }
}
