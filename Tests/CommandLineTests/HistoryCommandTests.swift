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

  /// A script must not take a part for the whole.
  @Test func aRowThatCannotBeReadIsAFailure() async throws {
    let state = try await Holdfast.journal(minutes: 4)
    defer { try? FileManager.default.removeItem(at: state) }
    let spoil = "import sqlite3, sys; d = sqlite3.connect(sys.argv[1]); "
    let change = "d.execute(\"UPDATE minute SET payload = x'0102' WHERE time = 1782036060000\").rowcount"
    let python = try ChildProcess(
      "/usr/bin/python3",
      ["-c", spoil + "assert \(change) == 1; d.commit()", state.appendingPathComponent("journal.sqlite").path])
    #expect(python.wait() == 0)
    let answer = try Holdfast.run(
      "history", "grid-meter/power_w", "--from", "2026-06-21T10:00:00Z", "--to", "2026-06-21T10:03:00Z", "--state",
      state.path)
    #expect(answer.code == 65)
    #expect(
      answer.lines.map { $0.prefix(20) } == ["time,mean,min,max,co", "2026-06-21T10:00:00Z", "2026-06-21T10:02:00Z"])
    #expect(answer.errors.contains("the row of 2026-06-21T10:01:00Z cannot be read"), "\(answer.errors)")
    #expect(answer.errors.contains("1 rows cannot be read"), "\(answer.errors)")
  }

  /// In Berlin 02:00 to 03:00 of 29 March 2026 is left out, and of 25 October exists twice; in Havana 8 March 2026
  /// has no midnight.
  @Test(arguments: [
    ("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z"), ("Europe/Berlin", "2026-03-29T02:00", nil),
    ("Europe/Berlin", "2026-03-29T02:59:59", nil), ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00:00Z"),
    ("Europe/Berlin", "2026-10-25T01:59", "2026-10-24T23:59:00Z"),
    ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30:00Z"),
    ("Europe/Berlin", "2026-10-25T02:30+01:00", "2026-10-25T01:30:00Z"),
    ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00:00Z"),
    ("Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"), ("America/Havana", "2026-03-08", "2026-03-08T05:00:00Z"),
    ("America/Havana", "2026-03-08T00:00", nil), ("UTC", "1969-12-31T23:59:59", "1969-12-31T23:59:59Z"),
    ("America/Los_Angeles", "2026-06-21", "2026-06-21T07:00:00Z"),
  ])
  func localTimesThatExistAreTaken(zone: String, time: String, instant: String?) async throws {
    let state = try await Holdfast.journal(minutes: 1)
    defer { try? FileManager.default.removeItem(at: state) }
    let answer = try Holdfast.run(
      "history", "grid-meter/power_w", "--from", time, "--to", "2030-01-01T00:00:00Z", "--state", state.path,
      environment: ["TZ": zone])
    if let instant {
      // What is printed says from when, or there is nothing to print and it is said.
      let isPast = instant < "2026-06-21T10:00:00Z"
      #expect(answer.code == 0 && (isPast || answer.errors.contains(" from \(instant) to ")), "\(answer.errors)")
      let until = try Holdfast.run(
        "history", "grid-meter/power_w", "--from", "1960-01-01T00:00:00Z", "--to", time, "--state", state.path,
        environment: ["TZ": zone])
      #expect(!isPast || until.errors.contains(" to \(instant)\n"), "\(until.errors)")
    } else {
      #expect(answer.code == 64 && answer.errors.contains("does not exist"), "\(answer.errors)")
    }
  }

  @Test func aBeginningAheadOfNowIsRefusedWithTheReason() async throws {
    let state = try await Holdfast.journal(minutes: 1)
    defer { try? FileManager.default.removeItem(at: state) }
    let alone = try Holdfast.run(
      "history", "grid-meter/power_w", "--from", "2999-01-01T00:00:00Z", "--state", state.path)
    #expect(alone.code == 64)
    #expect(alone.errors.contains("--from 2999-01-01T00:00:00Z lies ahead of now"), "\(alone.errors)")
    #expect(!alone.errors.contains("is later than"))
    // With an end it is a question like any other: there is nothing yet.
    let both = try Holdfast.run(
      "history", "grid-meter/power_w", "--from", "2999-01-01", "--to", "2999-01-02", "--state", state.path)
    #expect(both.code == 0 && both.errors.contains("no history of"), "\(both.errors)")
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
