import EnergyModel

/// What may be kept, and from when until when.
extension OrderBook {
  func checkRelease(_ command: Command, at now: Moment) throws(Refusal) {
    guard now.isClockTrusted else {
      throw Refusal("the clock is not trusted: nobody can say how old this release is")
    }
    guard command.start == nil, command.duration == nil else { throw Refusal("a release has no start and no duration") }
    try checkIssued(command, at: now)
    guard now.wall - command.issued <= Self.longestWait else {
      throw Refusal("it was issued more than an hour ago", outcome: .expired)
    }
  }

  private func checkIssued(_ command: Command, at now: Moment) throws(Refusal) {
    guard command.issued <= now.wall + Self.clockTolerance else {
      throw Refusal("it was issued in the future: one of the clocks is wrong")
    }
  }

  func keep(
    _ demand: Demand.Order, _ command: Command, from destination: DestinationID, at now: Moment
  ) throws(Refusal) -> Kept {
    let duration = command.duration
    if let duration {
      guard .zero < duration, duration <= Self.longest else {
        throw Refusal("duration_s is out of range: at most \(Self.longest.components.seconds)")
      }
    }
    if let start = command.start {
      guard start - command.issued <= Self.longest else {
        throw Refusal("start is out of range: at most \(Self.longest.components.seconds) s after issued")
      }
    }
    guard orders.count < Self.mostOrders else { throw Refusal("\(orders.count) orders are kept, which are the most") }
    let times =
      now.isClockTrusted
      ? try times(command, at: now) : try timesWithoutClock(demand, command, at: now)
    return Kept(
      destination: destination, issuer: command.issuer, id: command.id, demand: demand, starts: times.starts,
      ends: times.ends)
  }

  private typealias Times = (starts: MonotonicInstant, ends: MonotonicInstant?)

  private func times(_ command: Command, at now: Moment) throws(Refusal) -> Times {
    try checkIssued(command, at: now)
    let begins = command.start ?? command.issued
    if let duration = command.duration, begins + duration <= now.wall {
      throw Refusal("it was over before it arrived", outcome: .expired)
    }
    let wait = command.start.map { max(.zero, $0 - now.wall) } ?? .zero
    guard wait <= Self.longest + Self.clockTolerance else { throw Refusal("start is out of range") }
    let starts = now.monotonic + wait
    return (starts, command.duration.map { starts + $0 })
  }

  /// What tightens begins at once, and lasts until where its end lies after its issue; the rest is refused.
  private func timesWithoutClock(
    _ demand: Demand.Order, _ command: Command, at now: Moment
  ) throws(Refusal) -> Times {
    let wait = command.start.map { max(.zero, $0 - command.issued) } ?? .zero
    switch demand {
    case .limit:
      guard isTightening(demand) else {
        throw Refusal(
          "the clock is not trusted: only what tightens is accepted, and this limit is laxer than the running one")
      }
      return (now.monotonic, command.duration.map { now.monotonic + wait + $0 })
    case .reserve, .shed:
      guard wait == .zero else { throw Refusal("the clock is not trusted: nobody can say when it is to start") }
      return (now.monotonic, command.duration.map { now.monotonic + $0 })
    case .batteryPower:
      throw Refusal("the clock is not trusted: only what tightens is accepted")
    }
  }

  /// A limit that is not laxer than the one that runs.
  func isTightening(_ demand: Demand.Order) -> Bool {
    guard case .limit(let channel, let quantity, let value) = demand else { return false }
    return orders.allSatisfy { order in
      guard order.hasBegun, case .limit(channel, quantity, let running) = order.demand else { return true }
      return value <= running
    }
  }

  static func told(_ order: Kept, at now: Moment) -> String {
    let wait = order.starts - now.monotonic
    let begin = wait > .zero ? ", in \(wait.components.seconds) s" : ""
    guard let ends = order.ends else { return order.demand.words + begin + ", until it is released" }
    return order.demand.words + begin + ", for \((ends - order.starts).components.seconds) s"
  }
}
