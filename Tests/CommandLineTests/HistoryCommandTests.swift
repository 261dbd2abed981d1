import Foundation
import TestKit
import Testing

/// `holdfast history`, as a person or a script calls it.
@Suite(.serialized) struct HistoryCommandTests {
  @Test func csvAndJSON() async throws {
    let state = try await Holdfast.journal(minutes: 16)
    defer { try? FileManager.default.removeItem(at: state) }
    let csv = try Holdfast.run(
      "history", "grid-meter/power_w", "--from", "2026-06-21T10:01:00Z", "--to", "2026-06-21T12:03:00+02:00", "--state",
      state.path)
    #expect(csv.code == 0)
    #expect(
      csv.lines == [
        "time,mean,min,max,count,partial", "2026-06-21T10:01:00Z,8.5,6,11,6,false",
        "2026-06-21T10:02:00Z,14.5,12,17,6,false",
      ])
    let json = try Holdfast.run(
      "history", "grid-meter/energy_import_wh", "--from", "2026-06-21T10:00:00Z", "--to", "2026-06-21T11:00:00Z",
      "--resolution", "quarter", "--format", "json", environment: ["STATE_DIRECTORY": state.path])
    #expect(json.code == 0)
    #expect(
      json.lines == [
        #"{"time":"2026-06-21T10:00:00Z","device":"grid-meter","point":"energy_import_wh","mean":5000089,"#
          + #""min":5000000,"max":5000089,"count":90,"partial":false}"#
      ])
  }

  @Test func localTimesAreOfTheMachinesZone() async throws {
    let state = try await Holdfast.journal(minutes: 3)
    defer { try? FileManager.default.removeItem(at: state) }
    let answer = try Holdfast.run(
      "history", "grid-meter/power_w", "--from", "2026-06-21T12:01", "--to", "2026-06-21 12:02:00", "--state",
      state.path, environment: ["TZ": "Europe/Berlin"])
    #expect(answer.lines.dropFirst() == ["2026-06-21T10:01:00Z,8.5,6,11,6,false"])
  }

  @Test func relativeTimesAreTaken() async throws {
    let state = try await Holdfast.journal(minutes: 3)
    defer { try? FileManager.default.removeItem(at: state) }
    let answer = try Holdfast.run(
      "history", "grid-meter/power_w", "--from", "-2h", "--to", "-1m", "--state", state.path)
    #expect(answer.code == 0, "\(answer.errors)")
    #expect(answer.lines.first == "time,mean,min,max,count,partial")
  }

  @Test func mistakesAreNamed() async throws {
    let state = try await Holdfast.journal(minutes: 3)
    defer { try? FileManager.default.removeItem(at: state) }
    for (arguments, words) in [
      (["grid-meter/powr_w"], ["no point is called powr_w", "did you mean power_w?"]),
      (["grid-metre/power_w"], ["no device is called grid-metre", "did you mean grid-meter?", "known: grid-meter"]),
      (["grid-meter/soc_percent"], ["soc_percent", "energy_import_wh, power_w"]),
      (["power_w"], ["power_w is not DEVICE/POINT"]),
      (["grid-meter/power_w", "--from", "yesterday"], ["yesterday"]),
      (["grid-meter/power_w", "--from", "2026-02-30"], ["2026-02-30"]),
      (["grid-meter/power_w", "--from", "-1h", "--to", "-2h"], ["is later than"]),
      (["grid-meter/power_w", "--resolution", "hour"], ["hour"]),
    ] {
      let answer = try Holdfast.run(["history"] + arguments + ["--state", state.path])
      #expect(answer.code == 64, "\(arguments)")
      for word in words { #expect(answer.errors.contains(word), "\(answer.errors)") }
    }
    let missing = try Holdfast.run("history", "grid-meter/power_w", "--state", "/nonexistent")
    #expect(missing.code == 66)
    #expect(missing.errors.contains("/nonexistent/journal.sqlite: there is no journal"))
  }
}
