import EnergyModel
import Testing

@testable import Commissioning

struct VisitReportTests {
  private func report(_ outcome: Finding.Outcome, leftOut: [DeviceID] = []) -> VisitReport {
    VisitReport(
      site: "mill-lane-4", version: "0", begun: "2026-06-21T10:30:00Z", ended: "2026-06-21T10:40:00Z",
      configurationFile: "site.yaml", configuration: Array("abc".utf8), devices: [],
      findings: [Finding("meter", "reachable", outcome, "a | b")], leftOut: leftOut)
  }

  @Test func aWholeVisitIsAcceptedOrNot() {
    #expect(report(.passed).verdict == "1 passed, 0 failed, 0 open: accepted")
    #expect(report(.open).verdict == "0 passed, 0 failed, 1 open: not accepted")
    #expect(report(.passed).json.contains(#""accepted":true"#))
    #expect(!report(.passed).markdown.contains("not visited"))
  }

  @Test func whatWasLeftOutKeepsTheSiteFromBeingAccepted() {
    let report = report(.passed, leftOut: ["boiler", "car"])
    #expect(report.verdict == "1 passed, 0 failed, 0 open: in order, and the site is not accepted without boiler, car")
    #expect(report.json.contains(#""accepted":false"#) && report.json.contains(#""not_visited":["boiler","car"]"#))
    #expect(report.markdown.contains("- not visited: boiler, car"))
  }

  /// FIPS 180-4's example of "abc", and a cell that would break the table.
  @Test func theReportNamesItsConfigurationAndKeepsItsTable() {
    let text = report(.failed).markdown
    #expect(text.contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
    #expect(text.contains("| meter | reachable | **failed** | a   b |"))
  }

  /// One on MQTT has neither profile nor serial number, and one that said nothing is there all the same.
  @Test func aDeviceOnMQTTIsAmongTheDevices() {
    var report = report(.passed)
    let plug = VisitReport.Device(
      id: "plug", profile: nil, title: "Relay on MQTT", place: "broker:1883, plug/status", serial: nil,
      readings: [Reading(.power, 42)], age: .milliseconds(3900))
    report.devices = [plug]
    #expect(
      report.markdown.contains(
        "### plug\n\nRelay on MQTT at broker:1883, plug/status, no serial number, last message 3 s before the end\n\n| Point"
      ))
    #expect(
      report.json.contains(#"{"device":"plug","at":"broker:1883, plug/status","age_s":3,"values":{"power_w":42}}"#))
    report.devices[0].readings = []
    report.devices[0].age = nil
    #expect(report.markdown.hasSuffix("no serial number: nothing was heard of it\n"))
  }
}
