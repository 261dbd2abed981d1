import EnergyModel

/// Devices on buses, with what is wrong with them: a simulated site, images that stand alone, or both. Nothing in it
/// reads a clock; ``step(by:)`` is the passing of time.
public struct Bench: Sendable {
  /// What came of a request.
  public struct Answer: Sendable {
    /// Nil is silence.
    public var reply: ModbusFrame?
    /// How long the device thinks about it.
    public var latency: Duration
    /// What the answer meets on its way.
    public var onTheWay: [DeviceFault]
    /// No unit of that id is on the bus: a gateway says so, a serial line is silent.
    public var isForNobody: Bool
  }

  struct Place: Hashable {
    var bus: Int
    var unit: UInt8
  }

  enum Content: Sendable {
    case site(SiteBench.Device)
    case image(any UnitImage)
  }

  struct Unit: Sendable {
    var name: String
    var content: Content
    var faulty = FaultyUnit()
  }

  public internal(set) var site: SiteBench?
  var units: [Place: Unit] = [:]
  var script: [(second: Double, order: FaultOrder, text: String)] = []
  var values: [ValueScript.Line] = []
  /// Which part of the site a device stands for.
  var roles: [Place: SiteRole] = [:]
  /// What a script says in place of the site.
  var forced: [Place: [Point: Double?]] = [:]
  var ordersTaken: UInt64 = 0
  let seed: UInt64
  var elapsed = Duration.zero
  private var measured = Duration.zero
  /// Whether requests that come sooner than a device wants are lost (``pace(of:bus:)``).
  public var keepsPace = true
  /// The rest that every bus wants between an answer of one unit and a request for another.
  public var unitPause = Duration.zero

  /// - Parameters:
  ///   - seed: of the faults that bite by chance.
  ///   - world: a site that devices may measure (``add(_:name:bus:unit:role:)``), without any of its own.
  public init(seed: UInt64, measuring world: SiteBench? = nil) {
    self.seed = seed
    site = world
  }

  /// Puts the site's devices on the buses of their places in ``SiteBench/Device/allCases``.
  public init(site: SiteBench, seed: UInt64) {
    self.init(seed: seed)
    for (bus, device) in SiteBench.Device.allCases.enumerated() {
      for unit in site.units(of: device) {
        let name = device == .meter && unit > 1 ? "meter-\(unit)" : device.name
        units[Place(bus: bus, unit: unit)] = Unit(name: name, content: .site(device))
      }
    }
    self.site = site
  }

  /// False where the name or the place is taken.
  /// - Parameter role: of the site, where the device measures it.
  public mutating func add(
    _ image: any UnitImage, name: String, bus: Int, unit: UInt8, role: SiteRole? = nil
  ) -> Bool {
    let place = Place(bus: bus, unit: unit)
    guard units[place] == nil, !units.values.contains(where: { $0.name == name }) else { return false }
    units[place] = Unit(name: name, content: .image(image))
    roles[place] = role
    measure(place)
    return true
  }

  /// Time passes for the world, the devices' timers and the faults.
  public mutating func step(by duration: Duration) {
    site?.step(by: duration)
    elapsed += duration
    while let next = script.first, next.second <= elapsed.seconds {
      script.removeFirst()
      carryOut(next.order, next.text)
    }
    // Devices measure twice a second.
    if elapsed - measured >= .milliseconds(500) {
      measured = elapsed
      for place in roles.keys { measure(place) }
    }
    takeValues()
    for place in units.keys {
      withContent(place) { $0.pass(duration) }
      guard units[place]?.faulty.isHealthy == false else { continue }
      withImage(at: place) { $1.tend(&$0, now: $2) }
    }
  }

  /// The answer of a bus to one request.
  public mutating func answer(_ frame: ModbusFrame, bus: Int) -> Answer {
    let place = Place(bus: bus, unit: frame.unit)
    guard let unit = units[place] else {
      var reply = frame
      reply.body = [(frame.body.first ?? 0) | 0x80, ModbusException.gatewayTargetFailed.rawValue]
      return Answer(reply: reply, latency: busLatency(bus), onTheWay: [], isForNobody: true)
    }
    if case .site(let device) = unit.content, unit.faulty.isHealthy {
      let reply = site?.answer(frame, from: device)
      return Answer(reply: reply, latency: device.latency(unit: frame.unit), onTheWay: [], isForNobody: false)
    }
    var reply = frame
    let (answer, latency) = withImage(at: place) { image, faulty, now in
      (faulty.answer(frame.body, &image, now: now), image.latency)
    }
    reply.body = answer.body ?? []
    return Answer(
      reply: answer.body.map { _ in reply }, latency: latency, onTheWay: answer.onTheWay, isForNobody: false)
  }

  private func busLatency(_ bus: Int) -> Duration {
    SiteBench.Device.allCases.indices.contains(bus) && site != nil
      ? SiteBench.Device.allCases[bus].latency : .milliseconds(5)
  }

  /// What everybody on a serial line hears and nobody answers: writes to unit 0.
  public mutating func broadcast(_ frame: ModbusFrame, bus: Int) {
    guard let request = try? ModbusRequest(frame.body), request.isWrite else { return }
    for place in units.keys where place.bus == bus {
      _ = answer(ModbusFrame(transaction: 0, unit: place.unit, body: frame.body), bus: bus)
    }
  }

  /// Whether a bus takes another client beside those that it has.
  public func takesClient(bus: Int, beside present: Int) -> Bool {
    let here = units.filter { $0.key.bus == bus }
    if here.values.contains(where: \.faulty.isSecondClientRefused) { return present < 1 }
    return present < (here.map { image(of: $0.value, number: $0.key.unit).mostClients }.min() ?? 16)
  }

  /// When a bus closes a connection on which nothing is asked.
  public func idleClose(bus: Int) -> Duration {
    let here = units.filter { $0.key.bus == bus }
    return here.compactMap { image(of: $0.value, number: $0.key.unit).idleClose }.min() ?? .seconds(300)
  }

  /// How much time a unit wants between requests; nobody wants none.
  public func pace(of unit: UInt8, bus: Int) -> ClientPace.Wish {
    guard keepsPace, case .image(let image) = units[Place(bus: bus, unit: unit)]?.content else { return .init() }
    var wish = image.pace
    wish.unitPause = unitPause
    return wish
  }

  mutating func withImage<Result>(
    at place: Place, _ body: (inout any UnitImage, inout FaultyUnit, Duration) -> Result
  ) -> Result {
    guard var unit = units[place] else { preconditionFailure("nobody is at \(place)") }
    var image = image(of: unit, number: place.unit)
    let result = body(&image, &unit.faulty, elapsed)
    if let changed = image as? SiteUnit {
      site = changed.bench
    } else {
      unit.content = .image(image)
    }
    units[place] = unit
    return result
  }

  func image(of unit: Unit, number: UInt8) -> any UnitImage {
    switch unit.content {
    case .image(let image): return image
    case .site(let device):
      guard let site else { preconditionFailure("a site's device without a site") }
      return SiteUnit(bench: site, device: device, unit: number)
    }
  }
}

extension SiteBench.Device {
  public var name: String {
    switch self {
    case .inverter: "inverter"
    case .meter: "meter"
    case .relay: "relay"
    case .wallBox: "wallbox"
    }
  }
}
