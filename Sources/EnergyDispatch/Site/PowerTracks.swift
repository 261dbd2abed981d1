import EnergyModel

/// The last seconds of one power, so that it can be told for the moment at which another device measured.
struct PowerTrack: Sendable {
  /// Readings further apart than this do not belong together.
  static let together: Duration = .seconds(2)
  /// Of a device that is read each second; longer than the maximum age of a meter.
  private static let most = 8

  let device: DeviceID
  let point: Point
  let maximumAge: Duration
  /// Less cannot be, W.
  private let least: Double
  private var samples: [(at: MonotonicInstant, value: Double)] = []
  /// False while the newest reading is too old, failed, frozen or impossible.
  private(set) var isCurrent = false
  /// True where the device has never told it: it has no such point.
  private(set) var isAbsent = true

  init(_ device: DeviceID, _ maximumAge: Duration, point: Point = .power, least: Double = -.infinity) {
    self.device = device
    self.point = point
    self.maximumAge = maximumAge
    self.least = least
  }

  /// Of the newest reading.
  var newest: MonotonicInstant? { isCurrent ? samples.last?.at : nil }

  mutating func observe(_ reader: PointReader) {
    isCurrent = false
    let read = reader.device(device)
    guard let found = read.points[point], found.quality != .notImplemented else { return }
    isAbsent = false
    guard let value = read.value(found, point, maximumAge), value >= least, let at = found.measured?.monotonic
    else { return }
    isCurrent = true
    if let last = samples.last, last.at >= at { return }
    if samples.count == Self.most { samples.removeFirst() }
    samples.append((at, value))
  }

  /// The reading that was taken nearest to `instant`.
  func value(at instant: MonotonicInstant) -> Double? {
    guard isCurrent else { return nil }
    var best: (distance: Duration, value: Double)?
    for sample in samples.reversed() {
      let distance = sample.at > instant ? sample.at - instant : instant - sample.at
      if let best, distance >= best.distance { break }
      best = (distance, sample.value)
    }
    return best.flatMap { $0.distance <= Self.together ? $0.value : nil }
  }
}

/// Brings the powers of a site to one moment: the meter at the connection may be seconds behind the inverter, and what
/// does not belong together does not add up. The moment is that of the slowest of meter and sources; for it each of the others
/// tells what it measured nearest.
struct PowerTracks: Sendable {
  /// A difference this small is the meters' error: W, and a share of the larger one.
  private static let meterError = 100.0
  private static let meterShare = 0.02
  private static let hysteresis = 2.0

  let site: SiteParameters
  private var meter: PowerTrack?
  private var sources: [PowerTrack]
  private var batteries: [PowerTrack]
  private var chargers: [PowerTrack]
  private var heatPumps: [PowerTrack]
  /// Meters below the one at the connection that have meters below themselves, with those.
  private var parents: [(track: PowerTrack, children: [PowerTrack])]
  private var isBatteryFirst = true

  init(_ site: SiteParameters) {
    self.site = site
    meter = site.gridMeter.map { PowerTrack($0.device, $0.maximumAge) }
    sources =
      site.hybrids.map { PowerTrack($0.device, $0.maximumAge) }
      + (site.generator.map { [PowerTrack($0.device, $0.maximumAge)] } ?? [])
    batteries = site.hybrids.filter { $0.battery != nil }.map {
      PowerTrack($0.device, $0.maximumAge, point: .batteryPower)
    }
    func track(_ device: DeviceID, _ age: Duration) -> PowerTrack {
      let source = site.powerSource(of: device, age)
      return PowerTrack(source.device, source.maximumAge, least: PointReader.leastConsumption)
    }
    chargers = site.chargers.map { track($0.device, $0.maximumAge) }
    heatPumps = site.heatPumps.map { track($0.device, $0.maximumAge) }
    parents = site.subMeters.compactMap { parent in
      let children = site.subMeters.filter { $0.parent == parent.device }
      guard !children.isEmpty else { return nil }
      return (
        PowerTrack(parent.device, parent.maximumAge), children.map { PowerTrack($0.device, $0.maximumAge) }
      )
    }
  }

  mutating func observe(_ reader: PointReader) {
    meter?.observe(reader)
    for index in sources.indices { sources[index].observe(reader) }
    for index in batteries.indices { batteries[index].observe(reader) }
    for index in chargers.indices { chargers[index].observe(reader) }
    for index in heatPumps.indices { heatPumps[index].observe(reader) }
    for index in parents.indices {
      parents[index].track.observe(reader)
      for child in parents[index].children.indices { parents[index].children[child].observe(reader) }
    }
  }

  /// `grid + Σ hybrids + generator` of one moment, W, also where it cannot be; nil where one of them is missing.
  private(set) var sum: Double?

  /// Nil where the meter or a source is missing, or what they tell cannot be.
  mutating func balance() -> SiteView.Balance? {
    sum = nil
    guard var taken = meter?.newest else { return nil }
    for place in sources.indices {
      guard let newest = sources[place].newest else { return nil }
      taken = min(taken, newest)
    }
    guard let grid = meter?.value(at: taken) else { return nil }
    var sum = grid
    for place in sources.indices {
      guard let power = sources[place].value(at: taken) else { return nil }
      sum += power
    }
    self.sum = sum
    guard sum > -Self.meterError else { return nil }
    var battery: Double? = 0
    for place in batteries.indices {
      battery = batteries[place].value(at: taken).flatMap { power in battery.map { $0 + power } }
    }
    return SiteView.Balance(
      taken: taken, grid: grid, load: max(0, sum), uncontrolled: uncontrolled(max(0, sum), taken), battery: battery,
      chargers: chargers.map { $0.value(at: taken) }, heatPumps: heatPumps.map { $0.value(at: taken) })
  }

  /// `load − Σ measured chargers and heat pumps`. One that nobody ever measured is a part of it.
  private func uncontrolled(_ load: Double, _ taken: MonotonicInstant) -> Double? {
    guard let cars = add(chargers, to: 0, taken), let measured = add(heatPumps, to: cars, taken) else { return nil }
    guard covers(load, measured) else { return nil }
    for parent in parents {
      guard let power = parent.track.value(at: taken) else { continue }
      guard covers(power, parent.children.reduce(0) { $0 + ($1.value(at: taken) ?? 0) }) else { return nil }
    }
    return max(0, load - measured)
  }

  /// `sum + Σ power` of those that are part of what the connection sees; nil where one of them does not tell it.
  private func add(_ tracks: [PowerTrack], to sum: Double, _ taken: MonotonicInstant) -> Double? {
    var sum = sum
    for place in tracks.indices where !tracks[place].isAbsent && site.isBehindConnection(tracks[place].device) {
      guard let power = tracks[place].value(at: taken) else { return nil }
      sum += power
    }
    return sum
  }

  private func covers(_ whole: Double, _ parts: Double) -> Bool {
    parts - whole <= Self.meterError + Self.meterShare * parts.magnitude
  }

  /// What cars and heat pumps could take of the surplus; nil where the readings do not add up.
  mutating func surplus(_ view: SiteView) -> SiteView.Surplus? {
    followStateOfCharge(view)
    guard let balance = view.balance, let battery = balance.battery else { return nil }
    let takes = Headroom(site, view).take
    let cars = balance.chargers.reduce(0) { $0 + ($1 ?? 0) }
    let boosted = zip(view.heatPumps, balance.heatPumps).reduce(0) { sum, pump in
      (pump.0.state ?? 0) >= 3 ? sum + (pump.1 ?? 0) : sum
    }
    let left = -balance.grid - battery
    return SiteView.Surplus(
      taken: balance.taken, forCars: left + cars + boosted - (isBatteryFirst ? takes : 0), left: left - takes,
      isBatteryFirst: isBatteryFirst && takes > 0)
  }

  private mutating func followStateOfCharge(_ view: SiteView) {
    var (energy, usable) = (0.0, 0.0)
    for hybrid in site.hybrids {
      guard let battery = hybrid.battery, let soc = view.hybrid(hybrid.device)?.soc.value else { continue }
      energy += soc * battery.usable.value
      usable += battery.usable.value
    }
    guard usable > 0 else { return }
    let mean = energy / usable
    let threshold = site.batteryFirstBelow.value
    isBatteryFirst = mean < threshold || (isBatteryFirst && mean < threshold + Self.hysteresis)
  }
}

extension SiteParameters {
  /// Whether what `meter` measures is a part of what the meter at the connection does: a device that measures itself is, a sub-meter
  /// is where its parents lead there.
  func isBehindConnection(_ meter: DeviceID) -> Bool {
    var current = meter
    for _ in 0...subMeters.count {
      guard let found = subMeters.first(where: { $0.device == current }) else {
        return current == meter || current == gridMeter?.device
      }
      current = found.parent
    }
    return false
  }
}
