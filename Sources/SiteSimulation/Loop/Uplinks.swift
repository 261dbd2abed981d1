import EnergyDispatch
import EnergyModel
import SiteSimulator

/// What arrives over uplinks: limits that come, change and go, heartbeats that fall silent with their line. Limits are
/// kept over restarts of the agent by whoever keeps the orders; signs of life are those of one run of it. A peer says what
/// holds a minute after the agent came up, and as soon as a line is back.
struct Uplinks: Sendable {
  private struct Line: Sendable {
    var channel: SiteParameters.Channel
    var orders = StandingOrders.ChannelOrders()
    /// Of what the peer said last, by quantity.
    var said: [LimitedQuantity: String] = [:]
    var isToBeTold = true
  }

  private static let greeting = 60.0
  private var lines: [Line]
  private var upSince: Double?

  init(_ site: SiteParameters) {
    lines = site.channels.compactMap { channel in
      if case .uplink = channel.kind { return Line(channel: channel) }
      return nil
    }
  }

  /// - Parameter epoch: the instant of second 0.
  mutating func step(
    _ faults: [Fault], second: Double, epoch: MonotonicInstant, isAgentUp: Bool, _ evidence: inout Evidence
  ) -> [String: StandingOrders.ChannelOrders] {
    upSince = isAgentUp ? upSince ?? second : nil
    let now = Self.instant(second, epoch)
    var all: [String: StandingOrders.ChannelOrders] = [:]
    for index in lines.indices {
      let name = lines[index].channel.name
      let isSilent = faults.contains { $0.kind == .silence(name) && $0.holds(at: second) }
      if isSilent { evidence.silentChannels.insert(name) }
      for (quantity, limit) in lines[index].orders.limits where !limit.holds(at: now) {
        lines[index].orders.limits[quantity] = nil
      }
      if let upSince {
        if !isSilent {
          if lines[index].channel.hasHeartbeat { lines[index].orders.lastHeartbeat = now }
          if second - upSince >= Self.greeting || !lines[index].isToBeTold {
            tell(index, faults, second: second, epoch: epoch)
          }
        } else {
          lines[index].isToBeTold = true
        }
      } else {
        lines[index].orders.lastHeartbeat = nil
        lines[index].orders.lastWord = nil
        lines[index].isToBeTold = true
      }
      all[name] = lines[index].orders
    }
    return all
  }

  /// What the peer wants and has not said yet.
  private mutating func tell(_ index: Int, _ faults: [Fault], second: Double, epoch: MonotonicInstant) {
    let now = Self.instant(second, epoch)
    var wanted: [LimitedQuantity: Fault] = [:]
    for fault in faults where fault.holds(at: second) {
      guard case .limit(lines[index].channel.name, let quantity, _, _) = fault.kind else { continue }
      wanted[quantity] = fault
    }
    for quantity in LimitedQuantity.allCases {
      let fault = wanted[quantity]
      let id = fault.map { "\(Int($0.from))" }
      guard lines[index].isToBeTold || id != lines[index].said[quantity] else { continue }
      // A limit that ended by itself needs no release.
      let isOver = fault == nil && lines[index].orders.limits[quantity] == nil
      lines[index].said[quantity] = id
      guard !isOver || lines[index].isToBeTold else { continue }
      lines[index].orders.lastWord = now
      lines[index].orders.limits[quantity] = nil
      if let fault, let id, case .limit(_, _, let value, let isTimed) = fault.kind {
        let ends = isTimed ? Self.instant(fault.until, epoch) : nil
        lines[index].orders.limits[quantity] = .init(value: value, ends: ends, id: id)
      }
    }
    lines[index].isToBeTold = false
  }

  private static func instant(_ second: Double, _ epoch: MonotonicInstant) -> MonotonicInstant {
    epoch + .milliseconds(Int64((second * 1000).rounded()))
  }
}
