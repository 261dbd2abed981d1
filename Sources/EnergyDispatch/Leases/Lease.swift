import EnergyModel

/// What became of one lease so far.
struct Lease: Hashable, Sendable {
  struct Outstanding: Hashable, Sendable {
    var id: UInt64
    var submitted: MonotonicInstant
    var values: [WantedLease.Value]
  }

  struct Confirmed: Hashable, Sendable {
    var values: [WantedLease.Value]
    /// The device's timer runs at the earliest since then.
    var submitted: MonotonicInstant
    var at: MonotonicInstant
  }

  /// A report may be this late before the command is repeated.
  static let patience: Duration = .seconds(3)
  static let longestPause: Duration = .seconds(10)
  private static let mostOutstanding = 4

  private(set) var outstanding: [Outstanding] = []
  private(set) var confirmed: Confirmed?
  private(set) var failures = 0
  private(set) var notTaken = 0
  /// Whether anything was ever asked of the device in this run: one without a timer may hold it still.
  private(set) var wasAsked = false
  private var retryAt: MonotonicInstant?
  /// The strictest that was tried since the last success.
  private var strictest: [WantedLease.Value] = []
  /// When a command failed that the device may have taken all the same: an answer can get lost.
  private var uncertainSince: MonotonicInstant?

  /// Whether `wanted` has to be written now.
  func needsWrite(_ wanted: WantedLease, at now: MonotonicInstant) -> Bool {
    if let retryAt, now < retryAt, !wanted.tightens(strictest) { return false }
    if let last = outstanding.last, now - last.submitted < Self.patience, !wanted.differs(from: last.values) {
      return false
    }
    if let readBack = wanted.readBack { return needsSwitching(wanted, readBack, at: now) }
    let reversion = wanted.reversion ?? .zero
    if wanted.isOpen {
      return isHeld(at: now, reversion) && (uncertainSince != nil || wanted.differs(from: newest ?? []))
    }
    guard let confirmed, uncertainSince == nil else { return true }
    if let last = outstanding.last, now - last.submitted >= Self.patience { return true }
    if wanted.differs(from: newest ?? confirmed.values) { return true }
    let age = now - confirmed.submitted
    return wanted.isRefreshed && age + age >= reversion
  }

  /// What the device was last asked for.
  var newest: [WantedLease.Value]? { outstanding.last?.values ?? confirmed?.values }

  /// Whether the device may still hold something that was asked of it.
  func isHeld(at now: MonotonicInstant, _ reversion: Duration) -> Bool {
    if let uncertainSince, now - uncertainSince < reversion { return true }
    if let confirmed, now - confirmed.submitted < reversion { return true }
    return outstanding.contains { now - $0.submitted < reversion }
  }

  /// A relay latches: it is written when its own state, or a newer confirmation, is not what is wanted. One
  /// that somebody else switches back at once is not fought over each second.
  private func needsSwitching(
    _ wanted: WantedLease, _ readBack: WantedLease.ReadBack, at now: MonotonicInstant
  ) -> Bool {
    if let uncertainSince, uncertainSince >= readBack.measured { return true }
    guard let confirmed else { return wanted.differs(from: readBack) }
    if wanted.differs(from: confirmed.values) {
      return confirmed.at > readBack.measured || wanted.differs(from: readBack)
    }
    return confirmed.at <= readBack.measured && wanted.differs(from: readBack)
      && now - confirmed.submitted >= Self.longestPause
  }

  /// Whether a relay's own state is the newest that is known of it.
  func isSettled(_ readBack: WantedLease.ReadBack) -> Bool {
    if let uncertainSince, uncertainSince >= readBack.measured { return false }
    return outstanding.isEmpty && (confirmed.map { $0.at <= readBack.measured } ?? true)
  }

  mutating func submitted(_ id: UInt64, _ values: [WantedLease.Value], at now: MonotonicInstant) {
    wasAsked = true
    outstanding.append(Outstanding(id: id, submitted: now, values: values))
    if failures > 0, strictest.count == values.count {
      strictest = zip(strictest, values).map { .init(kind: $1.kind, value: min($0.value, $1.value)) }
    } else {
      strictest = values
    }
    if outstanding.count > Self.mostOutstanding { outstanding.removeFirst() }
  }

  /// True when the report is about a command that was still awaited.
  mutating func accept(_ report: WriteReport) -> Bool {
    guard let index = outstanding.firstIndex(where: { $0.id == report.command.id }) else { return false }
    let command = outstanding[index]
    outstanding.removeSubrange(...index)
    let at = report.at.monotonic
    switch report.outcome {
    case .confirmed:
      confirmed = Confirmed(values: command.values, submitted: command.submitted, at: at)
      failures = 0
      notTaken = 0
      retryAt = nil
      uncertainSince = nil
    case .notTaken:
      confirmed = nil
      notTaken += 1
      pause(from: at)
    case .failed:
      uncertainSince = at
      pause(from: at)
    case .refused:
      failures = max(failures, 5)
      pause(from: at)
    }
    return true
  }

  /// Somebody else has written the device.
  mutating func contradicted() { confirmed = nil }

  /// Nobody can say what the device holds: it was left alone, fell silent or started anew.
  mutating func forget() {
    outstanding = []
    confirmed = nil
    uncertainSince = nil
  }

  /// 1, 2, 4, … seconds, at most ``longestPause``.
  private mutating func pause(from now: MonotonicInstant) {
    failures = min(failures + 1, 6)
    retryAt = now + min(.seconds(1 << (failures - 1)), Self.longestPause)
  }
}
