import TestKit

/// The addresses of one stage. The names of the fields stand for the addresses in `config/demo.yaml`.
public struct StagePorts: Sendable {
  static let configured = StagePorts(
    inverter: 15021, meter: 15022, relay: 15023, wallBox: 15024, broker: 18830, page: 8480)

  public var inverter: Int
  public var meter: Int
  public var relay: Int
  public var wallBox: Int
  public var broker: Int
  public var page: Int

  init(inverter: Int, meter: Int, relay: Int, wallBox: Int, broker: Int, page: Int) {
    self.inverter = inverter
    self.meter = meter
    self.relay = relay
    self.wallBox = wallBox
    self.broker = broker
    self.page = page
  }

  /// Free ports; with `prefersConfigured` those of the configuration wherever nobody else listens there.
  init(prefersConfigured: Bool) {
    func choose(_ port: Int) -> Int { prefersConfigured && !Loopback.accepts(port) ? port : Loopback.freePort() }
    let wanted = Self.configured
    self.init(
      inverter: choose(wanted.inverter), meter: choose(wanted.meter), relay: choose(wanted.relay),
      wallBox: choose(wanted.wallBox), broker: choose(wanted.broker), page: choose(wanted.page))
  }

  /// The configuration with its addresses replaced; the uplink goes to a broker of its own.
  func place(_ text: String, uplink: String) -> String {
    let from = Self.configured
    var text = text.replacing("tcp://127.0.0.1:\(from.broker)", with: "tcp://\(uplink)")
    for (old, new) in [
      (from.inverter, inverter), (from.meter, meter), (from.relay, relay), (from.wallBox, wallBox),
      (from.broker, broker), (from.page, page),
    ] where old != new {
      text = text.replacing("127.0.0.1:\(old)", with: "127.0.0.1:\(new)")
    }
    return text
  }
}
