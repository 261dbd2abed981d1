import EnergyModel
import Testing

@testable import LocalAPI

struct MetricsTextTests {
  private let lines = MetricsText.text(FakeSite.example).split(separator: "\n").map(String.init)

  @Test func everyLineIsACommentOrASampleOfTheFamilyBefore() throws {
    var family = ""
    var seen: Set<String> = []
    for line in lines {
      if line.hasPrefix("# HELP ") {
        family = String(line.dropFirst(7).prefix { $0 != " " })
        #expect(seen.insert(family).inserted, "\(family) is written once")
      } else if line.hasPrefix("# TYPE ") {
        #expect(line == "# TYPE \(family) gauge" || line == "# TYPE \(family) counter")
        #expect(line.hasSuffix("counter") == family.hasSuffix("_total"), "\(line)")
      } else {
        let match = try #require(
          line.wholeMatch(of: /(holdfast_[a-z_]+)(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? (-?[0-9.]+)/))
        #expect(match.1 == family)
      }
    }
    #expect(MetricsText.text(FakeSite.example).hasSuffix("\n"))
  }

  @Test func namesCarryUnits() {
    for expected in [
      #"holdfast_power_watts{quantity="grid"} -1520.4"#, "holdfast_state_of_charge_percent 55.55",
      "holdfast_journal_committed_records_total 1234", "holdfast_cycle_lateness_seconds_max 0.0015",
      #"holdfast_device_age_seconds{device="grid-meter"} 0.35"#, #"holdfast_device_points_bad{device="grid-meter"} 1"#,
      #"holdfast_uplink_backlog_records{destination="vpp"} 44"#,
      #"holdfast_uplink_refused_messages_total{destination="vpp"} 2"#,
      #"holdfast_uplink_data_bytes{destination="vpp"} 30000000"#,
      #"holdfast_uplink_data_budget_bytes{destination="vpp"} 50000000"#,
      #"holdfast_setpoints_total{outcome="written"} 3"#,
      #"holdfast_info{site="mill-lane-4",version="0.1.0",mode="control"} 1"#, "holdfast_journal_up 1",
    ] { #expect(lines.contains(expected), "\(expected)") }
  }

  @Test func theUnknownIsLeftOut() {
    #expect(!lines.contains { $0.contains(#"quantity="inverter""#) })
    var status = FakeSite.example
    status.balance = SiteStatus.Balance()
    #expect(!MetricsText.text(status).contains("holdfast_power_watts"), "not even the head of an empty family")
  }

  @Test func labelsAreEscaped() {
    var page = MetricsPage()
    page.family("x", .gauge, "An example.")
    page.sample(["name": "a \"b\"\\\nc"], 1)
    #expect(page.text.hasSuffix(#"holdfast_x{name="a \"b\"\\\nc"} 1"# + "\n"))
  }
}
