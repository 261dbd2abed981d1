import EnergyModel
import TestKit

@testable import EnergyDispatch

/// An order book under a manual clock, with the grid operator's and an aggregator's channel, both over the uplink `vpp`.
final class Orders {
  static let site = "mill-lane-4"
  let time: ManualTime
  var book: OrderBook
  private var counter: Int64 = 0

  init(time: ManualTime = ManualTime()) {
    self.time = time
    book = Self.empty()
  }

  static func empty() -> OrderBook {
    OrderBook(
      site: site, parameters: parameters,
      authorities: ["vpp": Authority(batteryPower: 5000, shed: ["boiler", "pool"], mayRaiseReserve: true)])
  }

  static let parameters = Scene.parameters { site in
    site.loads.append(Scene.load("pool", 1100, 2))
    site.loads.append(Scene.load("sauna", 6000, 3))
    site.loads.append(.init(device: "fridge", rated: Watts(200), priority: .max, isCritical: true))
    site.heatPumps = [.init(device: "heat-pump", rated: Watts(4500), priority: 3)]
    site.channels = [
      .init(
        name: "dso", kind: .uplink("vpp"), class: .legal, hasHeartbeat: true,
        mayLimit: [.exportPower: 0, .exportPercent: 0, .controllablePower: 4200]),
      .init(name: "market", kind: .uplink("vpp"), class: .contract, mayLimit: [.importPower: 1000]),
      .init(name: "other", kind: .uplink("elsewhere"), class: .legal, mayLimit: [.exportPower: 0]),
    ]
  }

  /// The next command of the desk `desk-4`.
  func command(
    _ kind: String, _ parameters: [String: Command.Parameter], id: String? = nil, seconds: Int64? = 900,
    startsIn start: Duration? = nil, _ change: (inout Command) -> Void = { _ in }
  ) -> Command {
    counter += 1
    let now = time.now().wall
    var command = Command(
      id: id ?? "c\(counter)", site: Self.site, issuer: "desk-4", counter: counter, issued: now,
      start: start.map { now + $0 }, duration: seconds.map { .seconds($0) }, kind: kind, parameters: parameters)
    change(&command)
    return command
  }

  @discardableResult
  func send(_ command: Command, from destination: DestinationID = "vpp", isRetained: Bool = false)
    -> OrderBook.Verdict
  {
    book.accept(command, from: destination, isRetained: isRetained, at: time.now())
  }

  /// A limit of the export by the grid operator.
  @discardableResult
  func limit(_ watts: Double, id: String? = nil, seconds: Int64? = 900, startsIn start: Duration? = nil)
    -> OrderBook.Verdict
  {
    send(command("limit", Self.export(watts), id: id, seconds: seconds, startsIn: start))
  }

  static func export(_ watts: Double, _ channel: String = "dso") -> [String: Command.Parameter] {
    ["channel": .text(channel), "export_power_w": .number(watts)]
  }

  /// What the cycle sees of the limit of the export.
  func exported() -> Double? { standing().channels["dso"]?.limits[.exportPower]?.value }

  func standing() -> StandingOrders { book.standing(at: time.now()) }

  /// `id outcome` of what was told since.
  func told() -> [String] { book.takeResults().map { "\($0.id) \($0.outcome)" } }

  func hear(_ channel: String, sent: Timestamp) -> Bool {
    book.hear(channel, sent: sent, from: "vpp", at: time.now())
  }

  func restore(_ bytes: [UInt8]) -> [String] { book.restore(bytes, at: time.now()) }

  /// The agent is killed and starts anew after `pause`; the monotonic clock of the machine means nothing any more.
  func restart(after pause: Duration = .zero) -> [String] {
    let saved = book.saved(at: time.now())
    time.advance(by: pause)
    book = Self.empty()
    return book.restore(saved, at: time.now())
  }
}
