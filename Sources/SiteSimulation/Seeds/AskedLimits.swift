import EnergyDispatch
import EnergyModel
import SiteSimulator

/// What channels certainly limit, by what they said and how long they have been silent. Where the trust in one may be
/// either way, nothing is expected of its failsafe values.
struct AskedLimits: Sendable {
  private struct Line: Sendable {
    var channel: SiteParameters.Channel
    var silentSince: Double?
    /// Of the last silence, s.
    var silenceEnded = -Double.infinity
    /// Requests that ended with their heartbeat.
    var ended: Set<String> = []
  }

  /// A silence as long as this is one.
  private static let silence = 120.0
  /// The least that failsafe values hold.
  private static let failsafe = 7200.0

  private var lines: [Line]
  private var agentUpSince: Double?
  private let peak: Double
  /// By class, W; percentages of the installed PV are watts here.
  private(set) var limits: [SiteParameters.Channel.Class: [LimitedQuantity: Double]] = [:]
  /// Whether something of a class may limit the site at all, certainly or not.
  private(set) var mayLimit: Set<SiteParameters.Channel.Class> = []

  init(_ site: SiteParameters) {
    lines = site.channels.map { Line(channel: $0) }
    peak = site.hybrids.reduce(0) { $0 + $1.pvPeak.value }
  }

  mutating func look(_ step: SiteLoop.Step) {
    limits = [:]
    mayLimit = []
    agentUpSince = step.evidence.isAgentUp ? agentUpSince ?? step.second : nil
    for index in lines.indices {
      switch lines[index].channel.kind {
      case .contact(let device, _): lookAtContact(index, device, step)
      case .uplink: lookAtUplink(index, step)
      }
    }
  }

  private mutating func lookAtContact(_ index: Int, _ device: DeviceID, _ step: SiteLoop.Step) {
    // One that cannot be read, or tells what is not, may limit like an active one.
    if step.evidence.missing.contains(device) || step.evidence.lying.contains(device) {
      mayLimit.insert(lines[index].channel.class)
    }
    guard step.circumstances.activeContacts.contains(device) else { return }
    for (quantity, value) in lines[index].channel.failsafe { add(quantity, value, lines[index].channel.class) }
  }

  private mutating func lookAtUplink(_ index: Int, _ step: SiteLoop.Step) {
    let channel = lines[index].channel
    let isSilent = step.evidence.silentChannels.contains(channel.name)
    if isSilent {
      lines[index].silentSince = lines[index].silentSince ?? step.second
    } else if lines[index].silentSince != nil {
      lines[index].silentSince = nil
      lines[index].silenceEnded = step.second
    }
    let silent = channel.hasHeartbeat ? lines[index].silentSince.map { step.second - $0 } ?? 0 : 0
    let orders = step.circumstances.orders.channels[channel.name]
    for (quantity, limit) in orders?.limits ?? [:] where limit.holds(at: step.now.monotonic) {
      mayLimit.insert(channel.class)
      if channel.class == .contract, silent > 0.5 * Self.silence { lines[index].ended.insert(limit.id) }
      if !lines[index].ended.contains(limit.id) { add(quantity, limit.value, channel.class) }
    }
    guard channel.class == .legal, !channel.failsafe.isEmpty else { return }
    let hasSpoken = orders?.lastWord != nil
    if !hasSpoken || silent > 0 || step.second - lines[index].silenceEnded < 2 * Self.silence {
      mayLimit.insert(.legal)
    }
    guard let agentUpSince else { return }
    let isLost = hasSpoken && silent > Self.silence && (!channel.isAutonomous || silent < Self.failsafe)
    let isNew = !hasSpoken && (!channel.isAutonomous || step.second - agentUpSince < 0.9 * Self.silence)
    guard isLost || isNew else { return }
    for (quantity, value) in channel.failsafe { add(quantity, value, .legal) }
  }

  private mutating func add(_ quantity: LimitedQuantity, _ value: Double, _ kind: SiteParameters.Channel.Class) {
    mayLimit.insert(kind)
    let isShare = quantity == .exportPercent
    let watts = isShare ? value / 100 * peak : value
    limits[kind, default: [:]][isShare ? .exportPower : quantity, default: .infinity].lower(to: watts)
  }
}

extension Double {
  fileprivate mutating func lower(to other: Double) { self = Swift.min(self, other) }
}
