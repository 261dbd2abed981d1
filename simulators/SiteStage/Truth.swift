public import Foundation

/// One second of the simulator's own truth, as it writes it. Powers in W, energies in Wh since its start.
public struct Truth: Decodable, Sendable {
  /// Wall time, ms.
  public var t: Int64
  public var grid_w: Double
  public var pv_w: Double
  public var battery_w: Double
  public var inverter_w: Double
  public var load_w: Double
  public var losses_w: Double
  public var soc_percent: Double
  public var import_wh: Double
  public var export_wh: Double
  public var inverter_wh: Double
  public var inverter_absorbed_wh: Double
  public var load_wh: Double
  public var storage_control: Int
  public var charge_limit_percent: Double
  public var discharge_limit_percent: Double
  public var production_limit_percent: Double
  public var relay_on: Bool
  public var car_w: Double
  public var car_soc_percent: Double
  public var charging_offered_a: Double
  public var charger_reversions: Int
  public var charger_writes: Int
  public var heat_pump_w: Double
  public var heat_store_c: Double
  public var sg_ready_state: Int
  public var contact_closed: Bool
  public var reversions: Int
  public var writes: Int

  /// Produced minus absorbed.
  public var inverter_net_wh: Double { inverter_wh - inverter_absorbed_wh }

  /// Every complete line of a truth file, in order.
  public static func read(_ file: URL) throws -> [Truth] {
    let data = try Data(contentsOf: file)
    let decoder = JSONDecoder()
    // The last line may be cut by a killed simulator.
    return data.split(separator: UInt8(ascii: "\n")).compactMap { try? decoder.decode(Truth.self, from: $0) }
  }
}

/// Energies of the true site between two moments, Wh.
public struct TrueEnergy: Sendable {
  /// Import minus export.
  public var grid: Double
  public var inverter: Double
  public var load: Double

  /// Nil where the truth does not cover the time.
  public init?(_ truth: [Truth], from: Int64, until: Int64) {
    guard let start = Self.at(from, truth), let end = Self.at(until, truth) else { return nil }
    grid = end.grid - start.grid
    inverter = end.inverter - start.inverter
    load = end.load - start.load
  }

  /// The counters at a moment between two lines, by straight interpolation.
  private static func at(_ time: Int64, _ truth: [Truth]) -> (grid: Double, inverter: Double, load: Double)? {
    guard let after = truth.firstIndex(where: { $0.t >= time }) else { return nil }
    let b = truth[after]
    guard after > 0 else { return b.t == time ? (b.import_wh - b.export_wh, b.inverter_net_wh, b.load_wh) : nil }
    let a = truth[after - 1]
    let part = Double(time - a.t) / Double(b.t - a.t)
    func mix(_ x: Double, _ y: Double) -> Double { x + (y - x) * part }
    return (
      mix(a.import_wh - a.export_wh, b.import_wh - b.export_wh), mix(a.inverter_net_wh, b.inverter_net_wh),
      mix(a.load_wh, b.load_wh)
    )
  }
}
