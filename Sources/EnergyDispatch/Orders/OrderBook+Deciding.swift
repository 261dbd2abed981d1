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
    guard hasRoom(for: destination) else {
      throw Refusal("\(Self.mostOrders) orders are kept, which are the most")
    }
    let times =
      now.isClockTrusted
      ? try times(command, at: now) : try timesWithoutClock(demand, command, from: destination, at: now)
    return Kept(
      destination: destination, issuer: command.issuer, id: command.id, demand: demand, starts: times.starts,
      ends: times.ends)
  }

  func hasRoom(for destination: DestinationID) -> Bool {
    orders.count { $0.destination == destination } < Self.mostOrders
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

  /// What tightens begins at once, and lasts until where its end lies after its issue, but no shorter than what it takes the
  /// place of: that would be a release. The rest is refused.
  private func timesWithoutClock(
    _ demand: Demand.Order, _ command: Command, from destination: DestinationID, at now: Moment
  ) throws(Refusal) -> Times {
    let wait = command.start.map { max(.zero, $0 - command.issued) } ?? .zero
    let reason = "the clock is not trusted: "
    switch demand {
    case .batteryPower: throw Refusal(reason + "only what tightens is accepted")
    case .reserve, .shed:
      guard wait == .zero else { throw Refusal(reason + "nobody can say when it is to start") }
    case .limit: break
    }
    guard isTightening(demand, from: destination) else {
      let what = if case .limit = demand { "limit" } else { "one" }
      throw Refusal(reason + "only what tightens is accepted, and this \(what) is laxer than the running one")
    }
    guard let duration = command.duration else { return (now.monotonic, nil) }
    let ends = now.monotonic + wait + duration
    let running = orders.filter { $0.hasBegun && $0.slot == demand.slot(destination) }
    return (now.monotonic, running.contains { $0.ends == nil } ? nil : running.compactMap(\.ends).reduce(ends, max))
  }

  /// Not laxer than what runs in its place: a limit that is no higher, a reserve that is no lower, all of the loads. A power
  /// of the batteries is neither.
  func isTightening(_ demand: Demand.Order, from destination: DestinationID) -> Bool {
    let running = orders.filter { $0.hasBegun && $0.slot == demand.slot(destination) }.map(\.demand)
    return running.allSatisfy { running in
      switch (demand, running) {
      case (.limit(_, _, let value), .limit(_, _, let other)): value <= other
      case (.reserve(let percent), .reserve(let other)): other <= percent
      case (.shed(let loads), .shed(let others)): Set(others).isSubset(of: loads)
      default: false
      }
    }
  }

  static func told(_ order: Kept, at now: Moment) -> String {
    let wait = order.starts - now.monotonic
    let begin = wait > .zero ? ", in \(wait.components.seconds) s" : ""
    guard let ends = order.ends else { return order.demand.words + begin + ", until it is released" }
    return order.demand.words + begin + ", for \((ends - order.starts).components.seconds) s"
  }
}
