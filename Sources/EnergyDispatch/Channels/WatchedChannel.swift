import EnergyModel

/// One channel with the trust in it and what was told of it.
struct WatchedChannel: Sendable {
  /// A contact bounces, and a board that has just started may tell its inputs wrong: only an inactive contact that
  /// stays so for this long releases. An active one limits at once.
  static let bounce: Duration = .seconds(3)
  /// A restart reads first: a contact that was not read yet limits only after this long, unless it did before the restart.
  /// Otherwise each restart would pause cars for their minimum time. A limit may take minutes to show.
  static let reading: Duration = .seconds(10)

  let channel: SiteParameters.Channel
  private(set) var trust: ChannelTrust
  private let started: MonotonicInstant
  /// Of requests of class contract that ended because the heartbeat fell silent.
  private var ended: [LimitedQuantity: UInt64] = [:]
  /// Of a contact: whether its limit applies, and since when it says that it should not.
  private var isHeld: Bool
  private var inactiveSince: MonotonicInstant?
  private var told: ToldLimits
  /// Whether somebody was told that it is silent, and not yet that it is back.
  private var isLostTold = false
  /// Whether what is saved may be another text than before.
  var isMemoryOpen = true

  init(_ channel: SiteParameters.Channel, saved: Substring?, at now: MonotonicInstant) {
    self.channel = channel
    trust = ChannelTrust(hasHeartbeat: channel.hasHeartbeat, isAutonomous: channel.isAutonomous, at: now)
    started = now
    isHeld = false
    told = ToldLimits()
    read(saved ?? "")
    isHeld = channel.class == .legal && !told.isEmpty
  }

  mutating func step(
    _ orders: StandingOrders, _ view: SiteView, isGuarded: Bool, _ states: inout ChannelStates
  ) {
    let before = trust.state
    let first = states.applied.count
    switch channel.kind {
    case .contact(let device, _): follow(view.contact(device)?.isActive, view.now.monotonic, isGuarded, &states)
    case .uplink: follow(orders.channels[channel.name], view.now.monotonic, isGuarded, &states)
    }
    states.events.add(tellTrust(before, view.now))
    let news = told.follow(states.applied[first...], channel, view.now)
    if !news.isEmpty { isMemoryOpen = true }
    states.events.add(news)
  }

  // MARK: uplink

  private mutating func follow(
    _ orders: StandingOrders.ChannelOrders?, _ now: MonotonicInstant, _ isGuarded: Bool,
    _ states: inout ChannelStates
  ) {
    trust.step(.init(lastHeartbeat: orders?.lastHeartbeat, lastWord: orders?.lastWord), at: now)
    let isUntrusted = trust.state == .initial || trust.state == .lost
    let isFailsafe = channel.class == .legal && (isUntrusted || isGuarded)
    let isOver = channel.class == .contract && isSilent(orders, now)
    let isBarred = channel.class == .contract && isGuarded
    for quantity in LimitedQuantity.allCases {
      let running = orders?.limits[quantity].flatMap { $0.holds(at: now) ? $0 : nil }
      if channel.class == .contract { end(quantity, running, isOver) }
      let failsafe = isFailsafe ? channel.failsafe[quantity] : nil
      if let running, ended[quantity] == nil, !isBarred, running.value <= failsafe ?? .infinity {
        apply(quantity, running.value, .running(ends: running.ends), &states)
      } else if let failsafe {
        apply(quantity, failsafe, .failsafe, &states)
      }
    }
  }

  /// Before the first heartbeat after a start the channel has as long as between two of them.
  private func isSilent(_ orders: StandingOrders.ChannelOrders?, _ now: MonotonicInstant) -> Bool {
    channel.hasHeartbeat && now - max(started, orders?.lastHeartbeat ?? started) >= ChannelTrust.silence
  }

  private mutating func end(_ quantity: LimitedQuantity, _ running: StandingOrders.RunningLimit?, _ isOver: Bool) {
    guard let running else {
      forget(quantity, nil)
      return
    }
    guard isOver || ended[quantity] != nil else { return }
    let id = Self.hash(running.id)
    forget(quantity, isOver || ended[quantity] == id ? id : nil)
  }

  private mutating func forget(_ quantity: LimitedQuantity, _ id: UInt64?) {
    guard ended[quantity] != id else { return }
    ended[quantity] = id
    isMemoryOpen = true
  }

  // MARK: contact

  private mutating func follow(
    _ isActive: Bool?, _ now: MonotonicInstant, _ isGuarded: Bool, _ states: inout ChannelStates
  ) {
    trust.step(isReadable: isActive != nil, at: now)
    if isActive != false { inactiveSince = nil }
    switch isActive {
    case true: isHeld = true
    case false:
      let since = inactiveSince ?? now
      inactiveSince = since
      if now - since >= Self.bounce { isHeld = false }
    case nil:
      let isUnread = trust.state == .initial && !isHeld && now - started < Self.reading
      isHeld = channel.class == .legal && trust.state != .autonomous && !isUnread
    }
    guard isGuarded ? channel.class == .legal : isHeld else { return }
    for quantity in LimitedQuantity.allCases {
      guard let value = channel.failsafe[quantity] else { continue }
      apply(quantity, value, trust.state == .alive && isHeld ? .contact : .failsafe, &states)
    }
  }

  private func apply(
    _ quantity: LimitedQuantity, _ value: Double, _ origin: ChannelStates.Applied.Origin, _ states: inout ChannelStates
  ) {
    states.applied.append(
      .init(channel: channel.name, class: channel.class, quantity: quantity, value: value, origin: origin))
  }

  // MARK: telling

  private mutating func tellTrust(_ before: ChannelTrust.State, _ now: Moment) -> [Event] {
    switch trust.state {
    case .initial:
      guard isExpectedToSpeak, now.monotonic - trust.since >= ChannelTrust.silence else { return [] }
      return tellLost("nothing has been heard of \(channel.name) since the start", now)
    case .lost: return tellLost("nothing is heard of \(channel.name) any more", now)
    case .alive:
      let wasAutonomous = before == .autonomous
      guard isLostTold || wasAutonomous else { return [] }
      if isLostTold { isMemoryOpen = true }
      isLostTold = false
      return [event("channel-back", .info, "\(channel.name) is heard again", now)]
    case .autonomous:
      guard before != .autonomous else { return [] }
      let text = "\(channel.name) has been silent for so long that the site goes on without its limits"
      return [event("channel-autonomous", .warning, text, now)]
    }
  }

  private mutating func tellLost(_ text: String, _ now: Moment) -> [Event] {
    guard !isLostTold else { return [] }
    isLostTold = true
    isMemoryOpen = true
    return [event("channel-lost", channel.class == .legal ? .alarm : .warning, text, now)]
  }

  private var isContact: Bool { if case .contact = channel.kind { true } else { false } }
  private var isExpectedToSpeak: Bool { isContact || channel.hasHeartbeat }

  private func event(_ name: String, _ severity: Event.Severity, _ text: String, _ now: Moment) -> Event {
    Event(at: now, name: name, severity: severity, text: text, data: ["channel": .text(channel.name)])
  }

  // MARK: memory

  /// `told controllable_power_w 7560 ended export_power_w 81985529216486895`: what was told, so that a restart tells
  /// nothing twice (`lost` instead of `told` where the channel is known to be silent), and the requests that ended with
  /// their heartbeat, by a hash of their ids.
  var saved: String {
    let ends = LimitedQuantity.allCases.compactMap { quantity in ended[quantity].map { " \(quantity.rawValue) \($0)" } }
    let values = told.saved
    guard !values.isEmpty || !ends.isEmpty || isLostTold else { return "" }
    return "\(isLostTold ? "lost" : "told")\(values) ended\(ends.joined())"
  }

  private mutating func read(_ text: Substring) {
    let words = text.split(separator: " ")
    guard let first = words.first, first == "told" || first == "lost", let middle = words.firstIndex(of: "ended") else {
      return
    }
    isLostTold = first == "lost"
    told = ToldLimits(saved: words[1..<middle])
    let ends = Array(words[(middle + 1)...])
    for index in stride(from: 0, to: ends.count - 1, by: 2) {
      guard let quantity = LimitedQuantity(rawValue: String(ends[index])), let id = UInt64(ends[index + 1])
      else { continue }
      ended[quantity] = id
    }
  }

  /// FNV-1a: ids are of any length and form.
  private static func hash(_ id: String) -> UInt64 {
    id.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}
