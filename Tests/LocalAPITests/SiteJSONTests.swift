import EnergyModel
import Foundation
import Testing

@testable import LocalAPI

struct SiteJSONTests {
  private func parsed(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test func everyQuantityCarriesItsUnit() throws {
    let site = try parsed(SiteJSON.text(FakeSite.example))
    #expect(site["site"] as? String == "mill-lane-4")
    #expect(site["uptime_s"] as? Int == 90)
    let balance = try #require(site["balance"] as? [String: Any])
    #expect(balance["grid_power_w"] as? Int == -1520)
    #expect(balance["soc_percent"] as? Double == 55.6)
    #expect(balance["inverter_power_w"] is NSNull, "unknown is null and never zero")
    let cycle = try #require(site["cycle"] as? [String: Any])
    #expect(cycle["worst_lateness_ms"] as? Double == 1.5)
    let uplink = try #require((site["uplinks"] as? [[String: Any]])?.first)
    #expect(uplink["backlog_records"] as? Int == 44)
    #expect(uplink["last_error"] is NSNull)
    #expect(uplink["refused_messages"] as? Int == 2)
    #expect(uplink["data_bytes"] as? Int == 30_000_000 && uplink["data_budget_bytes"] as? Int == 50_000_000)
  }

  @Test func devicesShowTheirLastValuesAndMarks() throws {
    let site = try parsed(SiteJSON.text(FakeSite.example))
    let device = try #require((site["devices"] as? [[String: Any]])?.first)
    #expect(device["age_ms"] as? Int == 350)
    let values = try #require(device["values"] as? [String: Any])
    #expect(values["power_w"] as? Int == -1520)
    #expect(values["frequency_hz"] is NSNull)
    #expect(device["quality"] as? [String: String] == ["frequency_hz": "timeout"])
  }

  @Test func aLoadShowsWhatItIsLeftAtWhenTheAgentDies() throws {
    func shown(_ status: SiteStatus) throws -> [Any?] {
      try #require(try parsed(SiteJSON.text(status))["devices"] as? [[String: Any]]).map { $0["if_agent_dies"] }
    }
    var status = FakeSite.example
    #expect(try shown(status)[0] is NSNull, "a meter has no such thing")
    #expect(try shown(status)[1] as? String == "off")
    status.devices[1].isLeftOn = true
    #expect(try shown(status)[1] as? String == "on")
  }

  @Test func theDecisionSaysWhatBoundIt() throws {
    let decision = try #require(try parsed(SiteJSON.text(FakeSite.example))["decision"] as? [String: Any])
    #expect((decision["sentence"] as? String)?.contains("<self-consumption>") == true)
    #expect((decision["bounds"] as? [[String: Any]])?.first?["quantity"] as? String == "hybrid battery")
    #expect((decision["setpoints"] as? [[String: Any]])?.first?["kind"] as? String == "charge_limit_w")
    var status = FakeSite.example
    status.decision = nil
    #expect(try parsed(SiteJSON.text(status))["decision"] is NSNull)
  }

  @Test func theLastHourComesInColumns() throws {
    #expect(
      HistoryJSON.text(FakeSite().lastHour())
        == #"{"t":[0,5000,10000],"grid_power_w":[-1520,null,-1520],"pv_power_w":[4000,4000,4000],"#
        + #""battery_power_w":[null,null,null],"load_power_w":[null,null,null],"soc_percent":[55.6,55.6,55.6]}"#)
  }
}
