public import EnergyModel

/// How one destination is served. The defaults are those of the wire contract, version 1.
public struct UplinkSettings: Sendable {
  public var destination: DestinationID
  /// The site's name on the wire: in every topic and every frame.
  public var site: String
  /// Of the agent, as `status` tells it.
  public var version: String
  /// A segment whose last record is younger than this when its turn comes goes to `telemetry`
  /// or `events`, an older one to `backfill`.
  public var liveWindow: Duration
  /// How long after a connection the backlog waits; drawn at random, so that a fleet that lost the
  /// same broker does not come back as one wave.
  public var backfillStartDelay: ClosedRange<Duration>
  /// The pace of the backlog in bytes on the wire, > 0. Half of a line of 2 Mbit/s unless configured: three days of ten
  /// devices, 110 MB, drain within the half hour that is promised (at 32 kB/s it was an hour), and the other half of the
  /// line is free for live data. A thinner line wants less, and so does a fleet that shares one; what the month's data
  /// cost is bounded by ``monthlyData``.
  public var backfillBytesPerSecond: Int
  /// The most that may be handed over and not acknowledged. A single message above it goes alone.
  public var inFlightBytes: Int
  /// The most JSON that one backfill message compresses. A single segment above it goes alone.
  public var backfillFrameBytes: Int
  /// Whose word releases data.
  public var acknowledgedBy: Acknowledgement
  /// Where that is the receiver's: how long to wait for it before sending again. While nothing comes back the
  /// time doubles, to ten minutes.
  public var resendAfter: Duration
  /// The most bytes a calendar month; nil where nobody counts. See ``DataBudget``.
  public var monthlyData: Int?
  /// How often `status` is published anew while nothing changes.
  public var statusInterval: Duration

  public init(
    destination: DestinationID, site: String, version: String, liveWindow: Duration = .seconds(60),
    backfillStartDelay: ClosedRange<Duration> = .zero ... .seconds(10), backfillBytesPerSecond: Int = 125_000,
    inFlightBytes: Int = 128_000, backfillFrameBytes: Int = 64_000, statusInterval: Duration = .seconds(60),
    acknowledgedBy: Acknowledgement = .broker, monthlyData: Int? = nil,
    resendAfter: Duration = .seconds(60)
  ) {
    precondition(backfillBytesPerSecond > 0, "a backlog that may not move never drains")
    self.destination = destination
    self.site = site
    self.version = version
    self.liveWindow = liveWindow
    self.backfillStartDelay = backfillStartDelay
    self.backfillBytesPerSecond = backfillBytesPerSecond
    self.inFlightBytes = inFlightBytes
    self.backfillFrameBytes = backfillFrameBytes
    self.statusInterval = statusInterval
    self.acknowledgedBy = acknowledgedBy
    self.monthlyData = monthlyData
    self.resendAfter = resendAfter
  }

  /// What the link subscribes to at QoS 1, in a session that the broker keeps: a command that is sent while the link is
  /// away comes when it is back. Of `ack` and `replay` old ones do no harm.
  public var subscriptions: [String] { ReceiverRequest.Kind.allCases.map { topic($0.rawValue) } + [topic("command")] }

  /// At QoS 0: a sign of life that was kept somewhere is none.
  public var liveSubscriptions: [String] { [topic("heartbeat/+")] }

  /// `holdfast/v1/{site}/{name}`.
  func topic(_ name: String) -> String { "holdfast/v1/\(site)/\(name)" }
}
