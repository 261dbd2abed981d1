import EnergyModel

/// Finds values that are repeated rather than measured, and marks them ``Quality/frozen``: for control they are unknown.
///
/// - A *device* stands still when nothing it tells has changed for ten seconds and five readings, voltage and frequency
///   included, although these used to move with each reading. All it tells is frozen then.
/// - The *power or the currents* of the meter at the connection stand still when they are not zero and have not changed for four
///   seconds and four readings although they would have had to. That is told by the other of the two, when it moved: the sum of
///   `voltage · current` and the power have to go together, within 1 % or 20 W. Where both stand still it is told by the
///   voltage: its movement `Σ |ΔU| / U` comes to more than 3 W of what is drawn, which every meter shows.
///
/// Zero is never frozen by itself: strings at night, a full battery, a car that is not there. Nor is the power of an inverter, a
/// charger or a battery: held at a limit it stands still for hours.
struct FrozenWatch: Sendable {
  private var devices: [WatchedDevice]
  private var told: Set<DeviceID> = []

  init(_ site: SiteParameters) {
    var ids: [DeviceID] = []
    let all =
      [site.gridMeter?.device] + site.hybrids.map(\.device) + [site.generator?.device] + site.chargers.map(\.device)
      + site.heatPumps.map(\.device) + site.subMeters.map(\.device)
    for id in all { if let id, !ids.contains(id) { ids.append(id) } }
    devices = ids.map { WatchedDevice($0, isMeter: $0 == site.gridMeter?.device) }
  }

  /// Marks what is frozen in `snapshot`. Tells once when it begins.
  mutating func mark(_ snapshot: inout SiteSnapshot) -> [Event] {
    var events: [Event] = []
    for index in devices.indices {
      let id = devices[index].id
      if let points = snapshot.observations[id] { devices[index].observe(points) }
      if devices[index].isFrozen {
        if let event = mark(&snapshot, devices[index]) { events.append(event) }
      } else if !told.isEmpty {
        told.remove(id)
      }
    }
    return events
  }

  /// Out of line: in the loop above it would have the snapshot copied before anything is known to be frozen.
  @inline(never)
  private mutating func mark(_ snapshot: inout SiteSnapshot, _ device: WatchedDevice) -> Event? {
    let id = device.id
    snapshot.observations[id] = snapshot.observations[id].map { device.marked($0) }
    guard told.insert(id).inserted else { return nil }
    return Event(
      at: snapshot.now, name: "values-frozen", severity: .warning, device: id,
      text: "\(id) repeats \(device.subject) instead of measuring: unknown from now on")
  }
}

/// What one device told lately, as far as it shows whether it still measures.
private struct WatchedDevice: Sendable {
  private static let powers: [Point] = [.power, .powerL1, .powerL2, .powerL3]
  private static let currents: [Point] = [.currentL1, .currentL2, .currentL3]
  private static let stillTime: Duration = .seconds(10)
  private static let stillReadings = 5
  /// Changes of voltage or frequency, at which a device is known to tell them as they are.
  private static let livelyChanges = 10
  private static let frozenTime: Duration = .seconds(4)
  private static let frozenReadings = 4
  /// W; what is less is the meter's error or a standby.
  private static let little = 50.0
  private static let shown = 3.0
  private static let difference = (watts: 20.0, share: 0.01)

  /// One value for each phase.
  private struct Phases: Hashable, Sendable {
    var l1: Double?
    var l2: Double?
    var l3: Double?

    /// Of the one that moved most, as a share of it.
    func movement(from before: Phases) -> Double {
      func share(_ old: Double?, _ new: Double?) -> Double {
        guard let old, let new, new > 0 else { return 0 }
        return (new - old).magnitude / new
      }
      return max(share(before.l1, l1), share(before.l2, l2), share(before.l3, l3))
    }

    func apparent(_ amperes: Phases) -> Double {
      let first = (l1 ?? 0) * (amperes.l1 ?? 0).magnitude
      return first + (l2 ?? 0) * (amperes.l2 ?? 0).magnitude + (l3 ?? 0) * (amperes.l3 ?? 0).magnitude
    }
  }

  /// What moves with each reading of a device that tells it.
  private struct Movers: Hashable, Sendable {
    var voltages = Phases()
    var frequency: Double?
    /// The newest of them.
    var measured: MonotonicInstant?

    init(_ points: PointMap<Observation>) {
      voltages = Phases(l1: read(.voltageL1, points), l2: read(.voltageL2, points), l3: read(.voltageL3, points))
      frequency = read(.frequency, points)
    }

    private mutating func read(_ point: Point, _ points: PointMap<Observation>) -> Double? {
      guard let found = points[point] else { return nil }
      if let at = found.measured?.monotonic { measured = max(measured ?? at, at) }
      // Not a number is never equal to itself, and no movement all the same.
      return found.value.flatMap { $0.isFinite ? $0 : nil }
    }

    func isLike(_ other: Movers) -> Bool { voltages == other.voltages && frequency == other.frequency }
  }

  /// Values that have not changed for a while.
  private struct Held: Sendable {
    var values = Phases()
    /// All that the device told when it last was new.
    var others = PointMap<Observation>()
    var since: MonotonicInstant?
    var readings = 0
    /// `Σ |ΔU| / U` since then.
    var movement = 0.0
    /// What the other group came to when these values were new, W.
    var other = 0.0

    func lasts(_ now: MonotonicInstant, _ time: Duration, _ count: Int) -> Bool {
      readings >= count && since.map { now - $0 >= time } ?? false
    }
  }

  let id: DeviceID
  private let isMeter: Bool
  private var newest: MonotonicInstant?
  private var lively: Movers?
  private var changes = 0
  private var rest = Held()
  private var power = Held()
  private var current = Held()
  private(set) var isStill = false
  private(set) var isPowerFrozen = false
  private(set) var areCurrentsFrozen = false
  var isFrozen: Bool { isStill || isPowerFrozen || areCurrentsFrozen }

  init(_ id: DeviceID, isMeter: Bool) {
    self.id = id
    self.isMeter = isMeter
  }

  var subject: String {
    isStill ? "all it tells" : isPowerFrozen ? areCurrentsFrozen ? "power and currents" : "the power" : "the currents"
  }

  mutating func observe(_ points: PointMap<Observation>) {
    let moving = Movers(points)
    guard let at = moving.measured, newest.map({ at > $0 }) ?? true else { return }
    newest = at
    let hasMoved = lively.map { !moving.isLike($0) } ?? true
    let movement = lively.map { moving.voltages.movement(from: $0.voltages) } ?? 0
    if hasMoved, lively != nil { changes = min(changes + 1, Self.livelyChanges) }
    lively = moving
    followRest(points, hasMoved, at)
    if isMeter { followMeter(points, moving.voltages, movement, at) }
  }

  private mutating func followRest(_ points: PointMap<Observation>, _ hasMoved: Bool, _ at: MonotonicInstant) {
    let isSame = !hasMoved && rest.since != nil && points.allSatisfy { $0.value.value == rest.others[$0.key]?.value }
    guard isSame else {
      rest = Held(since: at)
      // Only a device whose voltage stands still is looked at as a whole.
      if !hasMoved { rest.others = points }
      isStill = false
      return
    }
    rest.readings += 1
    isStill =
      changes >= Self.livelyChanges && rest.lasts(at, Self.stillTime, Self.stillReadings)
  }

  private mutating func followMeter(
    _ points: PointMap<Observation>, _ voltages: Phases, _ movement: Double, _ at: MonotonicInstant
  ) {
    let watts = points[.power]?.value
    let amperes = Phases(
      l1: points[.currentL1]?.value, l2: points[.currentL2]?.value, l3: points[.currentL3]?.value)
    let apparent = voltages.apparent(amperes)
    Self.follow(&power, Phases(l1: watts), other: apparent, movement, at)
    Self.follow(&current, amperes, other: watts ?? 0, movement, at)
    let hasCurrents = amperes != Phases()
    let level = (watts ?? 0).magnitude
    isPowerFrozen =
      watts != nil && level >= Self.little
      && Self.isFrozen(
        power, level: level, otherStands: !hasCurrents || stands(current, since: power), other: apparent, at)
    areCurrentsFrozen =
      hasCurrents && apparent >= Self.little
      && Self.isFrozen(current, level: apparent, otherStands: stands(power, since: current), other: watts ?? 0, at)
  }

  /// Whether one group has not moved since the other has not.
  private func stands(_ held: Held, since other: Held) -> Bool {
    guard let mine = held.since, let theirs = other.since else { return true }
    return mine <= theirs
  }

  private static func follow(
    _ held: inout Held, _ values: Phases, other: Double, _ movement: Double, _ at: MonotonicInstant
  ) {
    if held.since != nil, held.values == values {
      held.readings += 1
      held.movement += movement
    } else {
      held = Held(values: values, since: at, other: other)
    }
  }

  private static func isFrozen(
    _ held: Held, level: Double, otherStands: Bool, other: Double, _ at: MonotonicInstant
  ) -> Bool {
    guard held.lasts(at, frozenTime, frozenReadings) else { return false }
    if !otherStands {
      return (other.magnitude - held.other.magnitude).magnitude > max(difference.watts, difference.share * level)
    }
    return held.movement * level >= shown
  }

  func marked(_ points: PointMap<Observation>) -> PointMap<Observation> {
    var points = points
    func mark(_ point: Point) { if points[point]?.quality == .good { points[point]?.quality = .frozen } }
    if isStill { for point in points.keys { mark(point) } }
    if isPowerFrozen { for point in Self.powers { mark(point) } }
    if areCurrentsFrozen { for point in Self.currents { mark(point) } }
    return points
  }
}
