import EnergyDispatch
import EnergyModel
import Synchronization
import Uplink

/// A site that peers command, with what must hold whatever they write. The rules are those of `docs/uplink.md`.
struct CommandedSite {
  private static let destination: DestinationID = "vpp"
  private static let authority = Authority(batteryPower: 5000, shed: ["boiler", "pool"], mayRaiseReserve: true)
  private static let settings = UplinkSettings(destination: destination, site: "mill-lane-4", version: "1")
  private static let longest = Duration.seconds(31 * 86_400)

  static let parameters: SiteParameters = {
    var site = SiteParameters(
      mode: .control, gridMeter: nil, hybrids: [], loads: [], fuse: nil, baseLoad: Watts(0), feedIn: nil,
      reserve: Percent(0), economics: [])
    site.loads = [
      .init(device: "boiler", rated: Watts(3000), priority: 1), .init(device: "pool", rated: Watts(1100), priority: 2),
      .init(device: "sauna", rated: Watts(6000), priority: 3),
      .init(device: "fridge", rated: Watts(200), priority: .max, isCritical: true),
    ]
    site.channels = [
      .init(
        name: "dso", kind: .uplink("vpp"), class: .legal, hasHeartbeat: true,
        mayLimit: [.exportPower: 0, .exportPercent: 0, .controllablePower: 4200]),
      .init(name: "market", kind: .uplink("vpp"), class: .contract, mayLimit: [.importPower: 1000]),
      .init(name: "other", kind: .uplink("elsewhere"), class: .legal, mayLimit: [.exportPower: 0]),
    ]
    return site
  }()

  var now = Moment(
    wall: Timestamp(milliseconds: 1_780_000_000_000), monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000_000))
  /// Of the next command.
  private(set) var counter: Int64 = 1
  var book = Self.emptyBook()
  private var counted: [String: Int64] = [:]
  private var lastTaken: Command?

  static func emptyBook() -> OrderBook {
    OrderBook(site: "mill-lane-4", parameters: parameters, authorities: [destination: authority])
  }

  mutating func pass(seconds: Int64, trusted: Bool) {
    now.wall = now.wall + .seconds(seconds)
    now.monotonic = now.monotonic + .seconds(seconds)
    now.isClockTrusted = trusted
  }

  /// Each message ends in one call of the desk, or none for what is kept at the broker and no command.
  mutating func hear(_ topic: String, _ payload: [UInt8], _ isRetained: Bool) throws(FuzzFinding) {
    let desk = Desk()
    let isTaken = CommandInbox(Self.settings, desk: desk).accept(
      IncomingMessage(
        topic: "holdfast/v1/mill-lane-4/" + topic, payload: payload, isRetained: isRetained, received: now))
    let calls = desk.taken
    try FuzzFinding.require(
      isTaken && calls.count == (isRetained && topic != "command" ? 0 : 1), "\(topic): \(calls.count) calls of the desk"
    )
    for call in calls {
      switch call {
      case .command(let command): try take(command, isRetained)
      case .refusal(let id, let text):
        try FuzzFinding.require(Self.isWord(id ?? "-") && !text.isEmpty, "\(topic) is refused as \(id ?? "-"): \(text)")
        try Self.checkLine(text)
      case .heartbeat(let channel, let sent): try hear(channel, sent)
      }
    }
  }

  // MARK: Commands

  private mutating func take(_ command: Command, _ isRetained: Bool) throws(FuzzFinding) {
    counter += 1
    try Self.checkEnvelope(command)
    let before = standing()
    let verdict = book.accept(command, from: Self.destination, isRetained: isRetained, at: now)
    guard let answer = verdict.results.first else { throw FuzzFinding("\(command.id) is not answered") }
    for result in verdict.results {
      try FuzzFinding.require(
        Self.isWord(result.id) && result.destination == Self.destination && !result.reason.isEmpty,
        "\(command.id) is answered \(result)")
      try Self.checkLine(result.reason)
    }
    try FuzzFinding.require(answer.id == command.id, "\(command.id) is answered as \(answer.id)")
    let isDone = !verdict.isRepeated && (answer.outcome == .accepted || answer.outcome == .executed)
    try FuzzFinding.require(
      verdict.isWorthKeeping == isDone && (isDone || !verdict.actsAtOnce), "\(command.id): \(verdict)")
    let after = standing()
    guard isDone else {
      return try FuzzFinding.require(before == after, "\(command.id) was \(answer.outcome) and changed what holds")
    }
    try FuzzFinding.require(
      !isRetained && command.site == "mill-lane-4" && command.counter > counted[command.issuer] ?? -1,
      "\(command.id) is \(answer.outcome): \(command)")
    counted[command.issuer] = command.counter
    lastTaken = command
    if !now.isClockTrusted { try checkTightened(before, after, by: command) }
    try check(after)
    try checkRepetition()
  }

  private static func checkEnvelope(_ command: Command) throws(FuzzFinding) {
    let times = [command.issued, command.start ?? command.issued].map(\.milliseconds)
    try FuzzFinding.require(
      isWord(command.id) && isWord(command.issuer) && command.counter >= 0 && command.parameters.count <= 32
        && times.allSatisfy { (0...253_402_300_799_000).contains($0) }
        && command.duration.map { $0 > .zero && $0 <= .seconds(3_000_000_000) } ?? true,
      "a command passes: \(command)")
    for case .number(let number) in command.parameters.values {
      try FuzzFinding.require(number.isFinite, "\(command.id) says \(number)")
    }
  }

  /// The same command once more does nothing and is answered alike.
  mutating func checkRepetition() throws(FuzzFinding) {
    guard let lastTaken else { return }
    let before = standing()
    let again = book.accept(lastTaken, from: Self.destination, isRetained: false, at: now)
    try FuzzFinding.require(
      again.isRepeated && again.results.count == 1 && before == standing(), "\(lastTaken.id) is done twice: \(again)")
  }

  mutating func standing() -> StandingOrders {
    let standing = book.standing(at: now)
    _ = book.takeResults()
    return standing
  }

  /// What holds is what the destination may ask for, for as long as it may.
  func check(_ orders: StandingOrders) throws(FuzzFinding) {
    for channel in Self.parameters.channels {
      for (quantity, limit) in orders.channels[channel.name]?.limits ?? [:] {
        try checkLimit(channel, quantity, limit.value, until: limit.ends)
      }
    }
    for coming in orders.coming.limits {
      guard let channel = Self.parameters.channels.first(where: { $0.name == coming.value.channel }) else {
        throw FuzzFinding("there is no channel \(coming.value.channel)")
      }
      try checkLimit(channel, coming.value.quantity, coming.value.value, until: coming.ends)
    }
    for order in orders.batteryPower + orders.coming.batteryPower {
      try checkOrder(order, .seconds(86_400), order.value.magnitude <= 5000)
    }
    for order in orders.reserve { try checkOrder(order, .seconds(7 * 86_400), (0...100).contains(order.value)) }
    for order in orders.shed + orders.coming.shed {
      try checkOrder(order, .seconds(86_400), Set(order.value).isSubset(of: Self.authority.shed))
    }
  }

  private func checkLimit(
    _ channel: SiteParameters.Channel, _ quantity: LimitedQuantity, _ value: Double, until end: MonotonicInstant?
  ) throws(FuzzFinding) {
    let most = quantity == .exportPercent ? 100 : 10e6
    try FuzzFinding.require(
      channel.kind == .uplink(Self.destination) && channel.mayLimit[quantity].map { $0 <= value } ?? false
        && value <= most,
      "\(channel.name) limits \(quantity.rawValue) to \(value)")
    // A start may lie a month ahead, and the clocks may differ by minutes.
    try FuzzFinding.require(
      end.map { now.monotonic < $0 && $0 - now.monotonic <= Self.longest * 2 + .seconds(300) } ?? true,
      "\(channel.name) limits until \(String(describing: end))")
  }

  private func checkOrder<Value>(
    _ order: StandingOrders.Order<Value>, _ longest: Duration, _ isPermitted: Bool
  ) throws(FuzzFinding) {
    guard let ends = order.ends else { throw FuzzFinding("\(order.id) holds for ever") }
    // What has begun before a restart counts from further back.
    let length = ends - max(order.starts, now.monotonic)
    try FuzzFinding.require(
      isPermitted && order.issuer == Self.destination.name && now.monotonic < ends && length <= longest + .seconds(1),
      "\(order.id) holds \(order.value) for \(length)")
  }

  /// Without a clock nothing is let go: no limit is laxer or ends sooner, no reserve is lower, no load comes back.
  private func checkTightened(
    _ before: StandingOrders, _ after: StandingOrders, by word: Command
  ) throws(FuzzFinding) {
    for (name, channel) in before.channels {
      for (quantity, limit) in channel.limits {
        let now = after.channels[name]?.limits[quantity]
        try FuzzFinding.require(
          now.map { $0.value <= limit.value && Self.end($0.ends) >= Self.end(limit.ends) } ?? false,
          "\(word.id) made \(quantity.rawValue) of \(limit) laxer: \(String(describing: now))")
      }
    }
    let reserves = [before, after].map { $0.reserve.filter { $0.holds(at: now.monotonic) }.map(\.value).max() ?? 0 }
    try FuzzFinding.require(reserves[0] <= reserves[1], "\(word.id) lowered the reserve")
    let shed = [before, after].map { Set($0.shed.flatMap(\.value)) }
    try FuzzFinding.require(shed[0].isSubset(of: shed[1]), "\(word.id) gave loads back")
  }

  private static func end(_ instant: MonotonicInstant?) -> Int64 { instant?.nanoseconds ?? .max }

  // MARK: Signs of life

  private mutating func hear(_ channel: String, _ sent: Timestamp) throws(FuzzFinding) {
    let before = book.standing(at: now)
    let isOwn = book.hear(channel, sent: sent, from: Self.destination, at: now)
    let after = book.standing(at: now)
    try FuzzFinding.require(
      isOwn == ["dso", "market"].contains(channel) && (isOwn || before == after), "a heartbeat of \(channel) is heard")
    guard isOwn, let heard = after.channels[channel]?.lastHeartbeat else { return }
    let age = now.isClockTrusted ? max(.zero, now.wall - sent) : .zero
    let known = before.channels[channel]?.lastHeartbeat
    try FuzzFinding.require(
      heard <= now.monotonic && (heard == known || now.monotonic - heard >= min(age, Self.longest)),
      "a heartbeat that is \(age) old counts as \(now.monotonic - heard) old")
  }

  // MARK: Words

  private static func isWord(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
  }

  /// Answers are kept a line each, with tabs between their words.
  private static func checkLine(_ text: String) throws(FuzzFinding) {
    try FuzzFinding.require(
      text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } && text.utf8.count <= 1024,
      "a reason is no line: \(text)")
  }
}

/// Keeps what the inbox makes of a message.
private final class Desk: CommandPort {
  enum Call: Sendable {
    case command(Command)
    case refusal(id: String?, String)
    case heartbeat(String, Timestamp)
  }

  private let calls = Mutex<[Call]>([])
  var taken: [Call] { calls.withLock { $0 } }

  func accept(_ command: Command, from destination: DestinationID, isRetained: Bool, received: Moment) -> Bool {
    calls.withLock { $0.append(.command(command)) }
    return true
  }

  func refuse(id: String?, _ reason: String, from destination: DestinationID, received: Moment) {
    calls.withLock { $0.append(.refusal(id: id, reason)) }
  }

  func hear(_ channel: String, sent: Timestamp, from destination: DestinationID, received: Moment) {
    calls.withLock { $0.append(.heartbeat(channel, sent)) }
  }
}
