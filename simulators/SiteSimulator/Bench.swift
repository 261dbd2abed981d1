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
    public var onTheWay: [Fault]
    /// No unit of that id is on the bus: a gateway says so, a serial line is silent.
    public var isForNobody: Bool
  }

  private struct Place: Hashable {
    var bus: Int
    var unit: UInt8
  }

  private enum Content: Sendable {
    case site(SiteBench.Device)
    case image(any UnitImage)
  }

  private struct Unit: Sendable {
    var name: String
    var content: Content
    var faulty = FaultyUnit()
  }

  public private(set) var site: SiteBench?
  private var units: [Place: Unit] = [:]
  private var script: [(second: Double, order: FaultOrder, text: String)] = []
  private var ordersTaken: UInt64 = 0
  private let seed: UInt64
  private var elapsed = Duration.zero

  /// - Parameter seed: of the faults that bite by chance.
  public init(seed: UInt64) { self.seed = seed }

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
  public mutating func add(_ image: any UnitImage, name: String, bus: Int, unit: UInt8) -> Bool {
    let place = Place(bus: bus, unit: unit)
    guard units[place] == nil, !units.values.contains(where: { $0.name == name }) else { return false }
    units[place] = Unit(name: name, content: .image(image))
    return true
  }

  public var names: [String] { units.values.map(\.name).sorted() }

  /// Time passes for the world, the devices' timers and the faults.
  public mutating func step(by duration: Duration) {
    site?.step(by: duration)
    elapsed += duration
    while let next = script.first, next.second <= elapsed.seconds {
      script.removeFirst()
      carryOut(next.order, next.text)
    }
    for place in units.keys {
      if case .image(var image) = units[place]?.content {
        image.pass(duration)
        units[place]?.content = .image(image)
      }
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
    let isAlone = units.contains { place, unit in
      guard place.bus == bus else { return false }
      if unit.faulty.isSecondClientRefused { return true }
      switch unit.content {
      case .site(let device): return device == .wallBox
      case .image(let image): return image.isSingleClient
      }
    }
    return present < (isAlone ? 1 : 16)
  }

  private mutating func withImage<Result>(
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

  private func image(of unit: Unit, number: UInt8) -> any UnitImage {
    switch unit.content {
    case .image(let image): return image
    case .site(let device):
      guard let site else { preconditionFailure("a site's device without a site") }
      return SiteUnit(bench: site, device: device, unit: number)
    }
  }
}

extension Bench {
  /// What became of an order, and what is wrong with the devices now.
  public struct OrderAnswer: Hashable, Sendable {
    public var order: String
    /// Nil where it was taken.
    public var refusal: String?
    public var active: [String]
  }

  /// Faults by time.
  public mutating func follow(_ script: FaultScript) throws(FaultScript.Malformed) {
    for line in script.lines {
      do throws(FaultOrder.Refusal) {
        self.script.append((line.second, try read(line.order), line.order))
      } catch {
        throw FaultScript.Malformed(line: line.number, reason: error.reason)
      }
    }
  }

  /// Carries out an order in words, or refuses it in words.
  public mutating func order(_ text: String) -> OrderAnswer {
    var answer = OrderAnswer(order: text, active: [])
    do throws(FaultOrder.Refusal) {
      carryOut(try read(text), text)
    } catch {
      answer.refusal = error.reason
    }
    answer.active = activeFaults
    return answer
  }

  /// The orders in force, in the order they came.
  public var activeFaults: [String] {
    units.values.flatMap { $0.faulty.faults }.sorted { $0.number < $1.number }.map(\.text)
  }

  private func place(of name: String) -> Place? { units.first { $0.value.name == name }?.key }

  private func read(_ text: String) throws(FaultOrder.Refusal) -> FaultOrder {
    let order = try FaultOrder(text) { device, point in
      guard let place = place(of: device), let unit = units[place] else { return nil }
      return image(of: unit, number: place.unit).register(of: point)
    }
    guard place(of: order.device) != nil else {
      throw FaultOrder.Refusal("there is no device '\(order.device)'; there are \(names.joined(separator: ", "))")
    }
    return order
  }

  private mutating func carryOut(_ order: FaultOrder, _ text: String) {
    guard let place = place(of: order.device) else { return }
    guard let fault = order.fault else {
      units[place]?.faulty.heal()
      return
    }
    ordersTaken += 1
    let (seed, number) = (seed, ordersTaken)
    withImage(at: place) { image, faulty, now in
      faulty.add(ActiveFault(fault, order, text: text, before: image, now: now, seed: seed, number: number))
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
