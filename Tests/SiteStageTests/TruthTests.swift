import Foundation
import SiteStage
import TestKit
import Testing

@Suite struct TruthTests {
  private func line(_ t: Int64, importing: Double, inverter: Double, load: Double) -> String {
    """
    {"t":\(t),"grid_w":0,"pv_w":0,"battery_w":0,"inverter_w":0,"load_w":0,"losses_w":0,"soc_percent":50,\
    "import_wh":\(importing),"export_wh":0,"inverter_wh":\(inverter),"inverter_absorbed_wh":0,"load_wh":\(load),"storage_control":0,\
    "charge_limit_percent":100,"discharge_limit_percent":100,"production_limit_percent":100,"relay_on":true,\
    "reversions":0,"writes":0,"pv_wh":0,"car_w":0,"car_soc_percent":50,"charging_offered_a":0,"charger_reversions":0,\
    "charger_writes":0,"heat_pump_w":0,"heat_store_c":45,"sg_ready_state":2,"contact_closed":true}
    """
  }

  private func truth(_ lines: [String]) throws -> [Truth] {
    let folder = try TemporaryFolder.make("truth")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("truth.jsonl")
    try lines.joined(separator: "\n").write(to: file, atomically: true, encoding: .utf8)
    return try Truth.read(file)
  }

  @Test func energyBetweenTwoLinesIsInterpolated() throws {
    let truth = try truth([
      line(1000, importing: 10, inverter: 0, load: 10), line(2000, importing: 12, inverter: 2, load: 14),
      line(3000, importing: 14, inverter: 4, load: 18),
    ])
    let energy = try #require(TrueEnergy(truth, from: 1500, until: 2500))
    #expect(energy.grid == 2)
    #expect(energy.inverter == 2)
    #expect(energy.load == 4)
  }

  @Test func timeThatIsNotCoveredHasNoTruth() throws {
    let truth = try truth([line(1000, importing: 1, inverter: 1, load: 1)])
    #expect(TrueEnergy(truth, from: 500, until: 1000) == nil)
    #expect(TrueEnergy(truth, from: 1000, until: 2000) == nil)
  }

  @Test func aLineCutByAKilledSimulatorIsLeftOut() throws {
    let truth = try truth([line(1000, importing: 1, inverter: 1, load: 1), "{\"t\":2000,\"grid_"])
    #expect(truth.count == 1)
  }
}
