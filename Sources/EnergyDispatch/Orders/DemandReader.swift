import EnergyModel

/// Says what a command asks for, and refuses what makes no sense at this site or is beyond what its destination may ask.
struct DemandReader: Sendable {
  /// By name.
  let channels: [String: SiteParameters.Channel]
  let loads: [DeviceID: SiteParameters.SheddableLoad]
  let authorities: [DestinationID: Authority]
  /// Which limits hold back, and nobody sheds by name.
  private let limited: Set<DeviceID>

  init(_ site: SiteParameters, authorities: [DestinationID: Authority]) {
    channels = Dictionary(site.channels.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    loads = Dictionary(site.loads.map { ($0.device, $0) }, uniquingKeysWith: { first, _ in first })
    self.authorities = authorities
    limited = Set(site.heatPumps.map(\.device) + site.chargers.map(\.device))
  }

  func read(_ command: Command, from destination: DestinationID) throws(Refusal) -> Demand {
    switch command.kind {
    case "limit": .order(try limit(command.parameters, destination))
    case "release": try release(command.parameters, destination)
    case "battery-power": .order(try batteryPower(command, destination))
    case "reserve": .order(try reserve(command, destination))
    case "shed": .order(try shed(command, destination))
    case "mode", "prices", "weather", "rediscover": throw Refusal("\(command.kind) is not supported by this version")
    default: throw Refusal("unknown kind \(Refusal.quoted(command.kind))")
    }
  }

  /// The channel of this name, where it is the destination's own.
  func channel(_ name: String, of destination: DestinationID) throws(Refusal) -> SiteParameters.Channel {
    guard let channel = channels[name] else { throw Refusal("there is no channel \(Refusal.quoted(name))") }
    guard channel.kind == .uplink(destination) else {
      throw Refusal("the channel \(name) does not belong to \(destination)")
    }
    return channel
  }

  private typealias Parameters = [String: Command.Parameter]

  private func channel(_ parameters: Parameters, _ destination: DestinationID) throws(Refusal) -> SiteParameters.Channel
  {
    guard case .text(let name)? = parameters["channel"] else { throw Refusal("channel is missing or no text") }
    return try channel(name, of: destination)
  }

  /// The one quantity that is named besides the channel; nil for none.
  private func quantity(_ parameters: Parameters) throws(Refusal) -> LimitedQuantity? {
    let names = parameters.keys.filter { $0 != "channel" }.sorted()
    if let unknown = names.first(where: { LimitedQuantity(rawValue: $0) == nil }) {
      throw Refusal("unknown parameter \(Refusal.quoted(unknown))")
    }
    guard names.count <= 1 else { throw Refusal("\(Words.list(names)) at once: one quantity a command") }
    return names.first.flatMap(LimitedQuantity.init(rawValue:))
  }

  private func limit(_ parameters: Parameters, _ destination: DestinationID) throws(Refusal) -> Demand.Order {
    let channel = try channel(parameters, destination)
    guard let quantity = try quantity(parameters) else { throw Refusal("it names no quantity to limit") }
    let value = try number(parameters, quantity.rawValue, in: 0...quantity.largest)
    guard let floor = channel.mayLimit[quantity] else {
      throw Refusal("the channel \(channel.name) may not limit \(quantity.rawValue)")
    }
    guard value >= floor else {
      throw Refusal("the channel \(channel.name) may not limit \(quantity.rawValue) below \(quantity.text(floor))")
    }
    return .limit(channel: channel.name, quantity, value)
  }

  private func release(_ parameters: Parameters, _ destination: DestinationID) throws(Refusal) -> Demand {
    .release(channel: try channel(parameters, destination).name, try quantity(parameters))
  }

  /// `{"power_w": 3000}`, discharge +.
  private func batteryPower(_ command: Command, _ destination: DestinationID) throws(Refusal) -> Demand.Order {
    try refuseOthers(command.parameters, than: "power_w")
    try needDuration(command, atMost: .seconds(86_400))
    let power = try number(command.parameters, "power_w", in: -10e6...10e6)
    guard let most = authorities[destination]?.batteryPower else { throw Refusal("\(destination) may not ask for it") }
    guard power.magnitude <= most else { throw Refusal("\(destination) may ask for at most \(Words.power(most))") }
    return .batteryPower(power)
  }

  /// `{"reserve_percent": 80}`
  private func reserve(_ command: Command, _ destination: DestinationID) throws(Refusal) -> Demand.Order {
    try refuseOthers(command.parameters, than: "reserve_percent")
    try needDuration(command, atMost: .seconds(7 * 86_400))
    let percent = try number(command.parameters, "reserve_percent", in: 0...100)
    guard authorities[destination]?.mayRaiseReserve == true else { throw Refusal("\(destination) may not ask for it") }
    return .reserve(percent)
  }

  /// `{"loads": ["pool", "boiler"]}`
  private func shed(_ command: Command, _ destination: DestinationID) throws(Refusal) -> Demand.Order {
    try refuseOthers(command.parameters, than: "loads")
    try needDuration(command, atMost: .seconds(86_400))
    guard case .texts(let names)? = command.parameters["loads"] else {
      throw Refusal("loads is missing or no list of names")
    }
    guard names.count <= 64 else { throw Refusal("\(names.count) loads, 64 are the most") }
    var devices: [DeviceID] = []
    for name in names {
      guard let device = DeviceID(known: name) else { throw Refusal("there is no load \(Refusal.quoted(name))") }
      guard !limited.contains(device) else {
        throw Refusal("the \(device) is held back where a limit asks for it, not shed by name")
      }
      guard let load = loads[device] else { throw Refusal("there is no load \(Refusal.quoted(name))") }
      guard !load.isCritical else { throw Refusal("the \(device) is critical and never shed") }
      guard authorities[destination]?.shed.contains(device) == true else {
        throw Refusal("\(destination) may not have the \(device) shed")
      }
      devices.append(device)
    }
    guard !devices.isEmpty || authorities[destination]?.shed.isEmpty == false else {
      throw Refusal("\(destination) may not ask for it")
    }
    return .shed(devices)
  }

  private func number(
    _ parameters: Parameters, _ name: String, in range: ClosedRange<Double>
  ) throws(Refusal) -> Double {
    guard case .number(let value)? = parameters[name] else { throw Refusal("\(name) is missing or no number") }
    guard range.contains(value) else {
      let ends = [range.lowerBound, range.upperBound].map { JSONText.decimal($0, 0) }
      throw Refusal("\(name) is out of range: \(ends[0]) to \(ends[1])")
    }
    return value
  }

  private func refuseOthers(_ parameters: Parameters, than name: String) throws(Refusal) {
    guard let unknown = parameters.keys.filter({ $0 != name }).min() else { return }
    throw Refusal("unknown parameter \(Refusal.quoted(unknown))")
  }

  private func needDuration(_ command: Command, atMost most: Duration) throws(Refusal) {
    guard let duration = command.duration else { throw Refusal("\(command.kind) needs a duration_s") }
    guard duration <= most else {
      throw Refusal("duration_s is out of range: \(command.kind) lasts at most \(most.components.seconds) s")
    }
  }
}
