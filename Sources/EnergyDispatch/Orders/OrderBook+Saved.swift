public import EnergyModel

/// Over a restart, as lines of text with tabs between their words. Remaining times are seconds, never instants; the wall time of
/// saving stands beside them where somebody vouched for it.
///
///     holdfast orders 1
///     saved  1763659200123
///     counter  vpp  desk-4  17
///     answer  vpp  7f3a  accepted  1763659200100  export at most 5 kW
///     order  vpp  desk-4  7f3a  begun  0  900  limit  dso  export_power_w  5000.0
///
/// An order that waits has `waits` and the seconds until it starts; one that holds until it is released has `-` for its
/// end. A line that makes no sense is left out and told.
extension OrderBook {
  private static let title = "holdfast orders 1"

  /// What a restart has to know.
  public func saved(at now: Moment) -> [UInt8] {
    var lines = [Self.title]
    if now.isClockTrusted { lines.append("saved\t\(now.wall.milliseconds)") }
    for (key, counter) in answers.counters.sorted(by: {
      ($0.key.destination, $0.key.name) < ($1.key.destination, $1.key.name)
    }) {
      lines.append("counter\t\(key.destination)\t\(key.name)\t\(counter)")
    }
    for answer in answers.answers {
      let clock = answer.at.isClockTrusted ? "" : "?"
      lines.append(
        "answer\t\(answer.destination)\t\(answer.id)\t\(answer.outcome.rawValue)\t\(answer.at.wall.milliseconds)\(clock)"
          + "\t\(answer.reason)")
    }
    // In the order of their begins, which whole seconds alone would not keep.
    for index in orders.indices.sorted(by: { (orders[$0].starts, $0) < (orders[$1].starts, $1) }) {
      lines.append(Self.line(orders[index], at: now.monotonic))
    }
    return Array((lines.joined(separator: "\n") + "\n").utf8)
  }

  private static func line(_ order: Kept, at now: MonotonicInstant) -> String {
    /// Rounded up: an end must not come early.
    func seconds(until instant: MonotonicInstant) -> Int64 { max(0, ((instant - now).milliseconds + 999) / 1000) }
    let end = order.ends.map { "\(seconds(until: $0))" } ?? "-"
    let state = "\(order.hasBegun ? "begun" : "waits")\t\(seconds(until: order.starts))\t\(end)"
    return "order\t\(order.destination)\t\(order.issuer)\t\(order.id)\t\(state)\t\(order.demand.saved)"
  }

  /// Goes on where the last start ended: what was left of a duration holds. Where the wall clock was trusted then and is
  /// now, the time in between is over for contract orders; a legal restriction is never shortened by a clock.
  /// - Returns: what could not be read, in words.
  public mutating func restore(_ bytes: [UInt8], at now: Moment) -> [String] {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: true)
    var losses: [String] = []
    if lines.first.map(String.init) != Self.title { losses.append("the text is of another kind") }
    let isOurs = losses.isEmpty
    // Nil where nobody knows how long it was.
    var away: Duration?
    for line in isOurs ? lines.dropFirst() : lines[...] {
      let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      switch words[0] {
      case "saved" where isOurs && words.count == 2:
        guard let wall = Int64(words[1]) else { losses.append("when it was saved"); continue }
        guard now.isClockTrusted, 0 <= wall, wall <= now.wall.milliseconds else { continue }
        away = min(now.wall - Timestamp(milliseconds: wall), Self.longest * 2)
      case "counter" where isOurs && words.count == 4:
        guard let counter = Int64(words[3]) else { losses.append("the counter of \(words[2])"); continue }
        answers.restore(counter, of: .init(destination: DestinationID(words[1]), name: words[2]))
      case "answer" where isOurs && words.count == 6:
        guard let answer = Self.answer(words) else { losses.append("an answer"); continue }
        answers.note(answer)
      case "order":
        restore(order: words, isOurs: isOurs, away: away, &losses, at: now)
      default: losses.append("a line")
      }
    }
    if away == nil { beginEarly(at: now) }
    return losses
  }

  /// Where nobody knows how long it was, the strictest legal limit of a channel holds from now on, whether it was in force or
  /// waited: it may be its turn. So no limit takes the place of a stricter one that waits behind it; what is laxer than all
  /// before it begins no earlier than if it had been no time at all, but without a gap.
  private mutating func beginEarly(at now: Moment) {
    let legal = orders.indices.filter { isLegal(orders[$0].demand) }
    for chain in Dictionary(grouping: legal, by: { orders[$0].slot }).values {
      var kept: [Int] = []
      var strictest = Double.infinity
      for index in chain.sorted(by: { (orders[$0].starts, $0) > (orders[$1].starts, $1) }) {
        guard case .limit(_, _, let value) = orders[index].demand else { continue }
        if value < strictest {
          strictest = value
          kept.append(index)
        } else if !orders[index].hasBegun {
          // As if it had begun before all others, so that a stricter one takes its place at once.
          orders[index].starts = now.monotonic - Self.longest * 4
        }
      }
      var end: MonotonicInstant? = now.monotonic
      for index in kept.reversed() {
        if !orders[index].hasBegun {
          // After what had begun; before anything that comes from now on.
          let isFirst = index == kept.last
          orders[index].starts =
            isFirst ? now.monotonic - Self.longest : min(orders[index].starts, end ?? orders[index].starts)
          orders[index].hasBegun = isFirst
        }
        end = orders[index].ends
      }
    }
  }

  private static func answer(_ words: [String]) -> CommandResult? {
    let isTrusted = !words[4].hasSuffix("?")
    guard let outcome = CommandResult.Outcome(rawValue: words[3]),
      let wall = Int64(isTrusted ? words[4][...] : words[4].dropLast())
    else { return nil }
    let at = Moment(
      wall: Timestamp(milliseconds: wall), monotonic: MonotonicInstant(nanoseconds: 0), isClockTrusted: isTrusted)
    return CommandResult(
      destination: DestinationID(words[1]), id: words[2], outcome: outcome, reason: words[5], at: at)
  }

  private mutating func restore(
    order words: [String], isOurs: Bool, away: Duration?, _ losses: inout [String], at now: Moment
  ) {
    guard words.count >= 9, hasRoom(for: DestinationID(words[1])), let demand = Demand.Order(saved: Array(words[7...]))
    else {
      return losses.append("an order")
    }
    let destination = DestinationID(words[1])
    guard isOrdered(demand, destination) else {
      return losses.append("the order \(words[3]): nobody may ask for it any more")
    }
    let isLegal = isLegal(demand)
    guard isOurs || isLegal else { return losses.append("the order \(words[3])") }
    let wait = Int64(words[5]).flatMap { (0...Self.longest.components.seconds * 2).contains($0) ? $0 : nil }
    let rest = Int64(words[6]).flatMap { (0...Self.longest.components.seconds * 2).contains($0) ? $0 : nil }
    // Of a legal limit nothing but its value is needed: without a readable end it holds until it is released.
    guard isLegal || (wait != nil && (rest != nil || words[6] == "-")) else {
      return losses.append("the order \(words[3])")
    }
    if rest == nil, words[6] != "-" {
      losses.append("the end of the order \(words[3]), which holds until it is released")
    }
    // A restriction is not cut short.
    let begins = Duration.seconds(wait ?? 0) - (away ?? .zero)
    let passed = isLegal ? .zero : away ?? .zero
    // What had begun began before anything that waited, and that came since the start.
    let hasBegun = words[4] == "begun"
    let kept = Kept(
      destination: destination, issuer: words[2], id: words[3], demand: demand,
      starts: now.monotonic + (hasBegun ? .zero - Self.longest * 3 : begins),
      ends: rest.map { now.monotonic + (.seconds($0) - passed) }, hasBegun: hasBegun)
    standing = nil
    orders.append(kept)
  }

  private func isLegal(_ demand: Demand.Order) -> Bool {
    guard case .limit(let name, _, _) = demand else { return false }
    return reader.channels[name]?.class == .legal
  }

  /// Whether the configuration still knows who and what it is about.
  private func isOrdered(_ demand: Demand.Order, _ destination: DestinationID) -> Bool {
    switch demand {
    case .limit(let name, let quantity, _):
      reader.channels[name].map { $0.kind == .uplink(destination) && $0.mayLimit[quantity] != nil } ?? false
    case .batteryPower(let power): reader.authorities[destination]?.batteryPower.map { power.magnitude <= $0 } ?? false
    case .reserve: reader.authorities[destination]?.mayRaiseReserve ?? false
    case .shed(let loads):
      loads.allSatisfy {
        reader.loads[$0]?.isCritical == false && reader.authorities[destination]?.shed.contains($0) == true
      }
    }
  }
}

extension Demand.Order {
  fileprivate var saved: String {
    switch self {
    case .limit(let channel, let quantity, let value): "limit\t\(channel)\t\(quantity.rawValue)\t\(value)"
    case .batteryPower(let power): "battery-power\t\(power)"
    case .reserve(let percent): "reserve\t\(percent)"
    case .shed(let loads): (["shed", "\(loads.count)"] + loads.map(\.name)).joined(separator: "\t")
    }
  }

  fileprivate init?(saved words: [String]) {
    func number(_ text: String, _ range: ClosedRange<Double>) -> Double? {
      Double(text).flatMap { range.contains($0) ? $0 : nil }
    }
    switch (words[0], words.count) {
    case ("limit", 4):
      guard let quantity = LimitedQuantity(rawValue: words[2]), let value = number(words[3], 0...quantity.largest)
      else { return nil }
      self = .limit(channel: words[1], quantity, value)
    case ("battery-power", 2):
      guard let power = number(words[1], -10e6...10e6) else { return nil }
      self = .batteryPower(power)
    case ("reserve", 2):
      guard let percent = number(words[1], 0...100) else { return nil }
      self = .reserve(percent)
    case ("shed", 2...):
      guard Int(words[1]) == words.count - 2 else { return nil }
      self = .shed(words[2...].map { DeviceID($0) })
    default: return nil
    }
  }
}
