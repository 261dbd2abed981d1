import EnergyModel

/// Watches all channels, one step a control cycle, and says what applies.
///
/// - Class legal: the running limit, and besides it the failsafe value while trust is initial or lost; the stricter.
/// - Class contract: the running limit alone. Where a heartbeat is configured and silent for ``ChannelTrust/silence`` it
///   ends at once, and for good: the heartbeat's return does not bring it back, another request does.
/// - A contact: its failsafe values while it is active and, class legal, while it cannot be read; inactive for
///   ``bounce`` releases them.
///
/// All of it binds while the site is connected to the grid only.
struct ChannelWatch: Sendable {
  private var watched: [WatchedChannel]

  init(_ channels: [SiteParameters.Channel], saved: SavedMemory, at now: MonotonicInstant) {
    watched = channels.map { WatchedChannel($0, saved: saved[SavedMemory.key("channel", $0.name)], at: now) }
  }

  mutating func step(_ orders: StandingOrders, _ view: SiteView) -> ChannelStates {
    var states = ChannelStates()
    for index in watched.indices {
      watched[index].step(orders, view, &states)
      states.channels.append(.init(name: watched[index].channel.name, trust: watched[index].trust.state))
    }
    if view.isIslanded { states.applied = [] }
    return states
  }

  /// True when something in it is another than before.
  mutating func save(into memory: inout SavedMemory) -> Bool {
    var isChanged = false
    for index in watched.indices where watched[index].isMemoryOpen {
      let key = SavedMemory.key("channel", watched[index].channel.name)
      if memory.replace(key, with: watched[index].saved) { isChanged = true }
      watched[index].isMemoryOpen = false
    }
    return isChanged
  }
}
