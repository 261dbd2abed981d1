import EnergyModel

/// What is known of one point. A device that has no such point is another matter than one that fell
/// silent.
enum Sensed: Hashable, Sendable {
  case known(Double)
  /// Too old, failed, or impossible.
  case unknown
  /// The device never told it or says that it has none.
  case absent

  var value: Double? {
    if case .known(let value) = self { value } else { nil }
  }
}

/// The snapshot as control sees it: only values that are good, possible and young enough.
struct SiteView: Sendable {
  struct Grid: Sendable {
    /// Import +, W.
    var power: Double?
    /// One for each phase of the fuse, import +, A. A current without the direction of its phase counts
    /// as import, the worst case.
    var currents: [Double?]
    /// A phase did not tell its direction.
    var isUndirected = false
    /// When `power` was measured.
    var measured: MonotonicInstant?
    /// Import counted since ever, Wh.
    var importCounter = Sensed.absent
  }

  struct Hybrid: Sendable {
    var device: DeviceID
    var acPower: Double?
    var pvPower: Double?
    /// Discharge +, W.
    var batteryPower: Double?
    var soc: Sensed
    var temperature: Sensed
    var chargeMax: Sensed
    var dischargeMax: Sensed
    var alarms: Sensed
    /// Of the strongest and the weakest cell, V; absent where nobody limits them.
    var cellMax = Sensed.absent
    var cellMin = Sensed.absent
    /// When `batteryPower` was measured.
    var batteryMeasured: MonotonicInstant?
    /// Its own signal: 1 while it runs an island.
    var islanded = Sensed.absent
    var isIslanded: Bool { islanded.value.map { $0 >= 0.5 } ?? false }
    /// True when the device told at least its AC power or its state of charge in time.
    var isHeard: Bool { acPower != nil || soc.value != nil }
  }

  struct Relay: Sendable {
    var device: DeviceID
    /// Nil while the relay does not say.
    var isOn: Bool?
    var measured: MonotonicInstant?
  }

  struct Charger: Sendable {
    var device: DeviceID
    /// Consumption +, W.
    var power: Double?
    /// What it was told, A on each phase, as it reads back.
    var currentLimit: Double?
    /// As many phases as it was told to use, as it reads back.
    var phases: Int?
    /// False while no car is there.
    var isConnected: Bool?
    /// True when it told its power or its state in time.
    var isHeard: Bool
    /// It tells a power below zero, which is left out.
    var seemsToFeedIn = false
  }

  struct HeatPump: Sendable {
    var device: DeviceID
    /// Consumption +, W; nil where nobody measures it.
    var power: Double?
    /// Its SG-Ready state, 1...4; nil while the contacts do not say.
    var state: Int?
    var measured: MonotonicInstant?
    /// It tells a power below zero, which is left out.
    var seemsToFeedIn = false
  }

  /// A contact that somebody outside closes.
  struct Contact: Sendable {
    var device: DeviceID
    /// Nil while it cannot be read.
    var isActive: Bool?
  }

  var now: Moment
  var grid: Grid?
  var hybrids: [Hybrid]
  var relays: [Relay]
  var chargers: [Charger]
  var heatPumps: [HeatPump]
  var contacts: [Contact]
  /// By the inverters' own signal, never by a power of zero; unknown where one that used to tell has fallen silent.
  var island: Sensed
  /// Of the generator, W; nil where there is none or it does not say.
  var generatorPower: Double?
  /// The powers of one moment; nil where a reading is missing or they cannot be.
  var balance: Balance?
  /// `grid + Σ hybrids + generator` of one moment, W, also where it cannot be.
  var sumOfPowers: Double?
  var surplus: Surplus?
  /// What the site consumes, W ≥ 0, from readings taken together.
  var load: Double? { balance?.load }

  func hybrid(_ device: DeviceID) -> Hybrid? { hybrids.first { $0.device == device } }
  func relay(_ device: DeviceID) -> Relay? { relays.first { $0.device == device } }
  func charger(_ device: DeviceID) -> Charger? { chargers.first { $0.device == device } }
  func heatPump(_ device: DeviceID) -> HeatPump? { heatPumps.first { $0.device == device } }
  func contact(_ device: DeviceID) -> Contact? { contacts.first { $0.device == device } }
  var isIslanded: Bool { island.value.map { $0 >= 0.5 } ?? false }
}

extension SiteView {
  /// From one snapshot alone.
  init(_ snapshot: SiteSnapshot, _ site: SiteParameters) {
    var tracks = PowerTracks(site)
    self.init(snapshot, &tracks)
  }

  /// - Parameter tracks: the site, and its powers of the last seconds.
  init(_ snapshot: borrowing SiteSnapshot, _ tracks: inout PowerTracks) {
    let reader = PointReader(snapshot: copy snapshot)
    now = snapshot.now
    grid = tracks.site.gridMeter.map { reader.grid($0, phases: tracks.site.fuse?.phases ?? 3) }
    hybrids = tracks.site.hybrids.map(reader.hybrid)
    relays = tracks.site.loads.map { reader.relay($0.device, $0.maximumAge) }
    chargers = tracks.site.chargers.map { reader.charger($0, tracks.site.powerSource(of: $0.device, $0.maximumAge)) }
    heatPumps = tracks.site.heatPumps.map { reader.heatPump($0, tracks.site.powerSource(of: $0.device, $0.maximumAge)) }
    contacts = tracks.site.channels.compactMap { channel in
      guard case .contact(let device, let age) = channel.kind else { return nil }
      return Contact(device: device, isActive: reader.value(device, .contact, age).map { $0 >= 0.5 })
    }
    island = Self.island(hybrids)
    generatorPower = tracks.site.generator.flatMap { reader.value($0.device, .power, $0.maximumAge) }
    tracks.observe(reader)
    balance = tracks.balance()
    sumOfPowers = tracks.sum
    surplus = tracks.surplus(self)
  }

  /// One inverter that runs an island is enough; while none says so, one that does not answer leaves it open.
  private static func island(_ hybrids: [Hybrid]) -> Sensed {
    if hybrids.contains(where: \.isIslanded) { return .known(1) }
    if hybrids.contains(where: { $0.islanded == .unknown }) { return .unknown }
    return hybrids.contains { $0.islanded.value != nil } ? .known(0) : .absent
  }
}
