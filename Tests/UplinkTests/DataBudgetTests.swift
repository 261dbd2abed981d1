import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Uplink

@Suite(.serialized, .schemaChecked)
struct DataBudgetTests {
  private func moment(_ text: String, isTrusted: Bool = true) throws -> Moment {
    let date = try #require(ISO8601DateFormatter().date(from: text))
    let milliseconds = Int64(date.timeIntervalSince1970 * 1000)
    return Moment(
      wall: Timestamp(milliseconds: milliseconds), monotonic: MonotonicInstant(nanoseconds: milliseconds * 1_000_000),
      isClockTrusted: isTrusted)
  }

  private func budget(_ limit: Int = 1_000_000) -> DataBudget { DataBudget(limit: limit, zone: Given.berlin) }

  /// Spends exactly so much.
  private func spend(_ bytes: Int, _ budget: inout DataBudget, _ now: Moment) {
    budget.count(topic: "", payload: bytes - DataBudget.overhead, at: now)
  }

  @Test func aMessageCostsItsTopicItsPayloadAndWhatItTravelsIn() throws {
    var budget = budget()
    budget.count(topic: "four", payload: 1000, at: try moment("2026-06-10T12:00:00Z"))
    #expect(budget.used == 1094)
  }

  @Test func silenceCostsPingsWhileConnected() throws {
    var budget = budget()
    budget.connected(at: try moment("2026-06-10T12:00:00Z").monotonic)
    spend(100, &budget, try moment("2026-06-10T12:00:59Z"))
    #expect(budget.used == 100 + 2 * DataBudget.pingBytes)
    spend(100, &budget, try moment("2026-06-10T12:01:10Z"))
    budget.disconnected()
    spend(100, &budget, try moment("2026-06-10T13:00:00Z"))
    #expect(budget.used == 300 + 2 * DataBudget.pingBytes)
  }

  @Test func theLanesGoOutOneAfterTheOther() throws {
    let now = try moment("2026-06-30T12:00:00Z")
    func allowed(_ used: Int) -> [DataBudget.Traffic] {
      var budget = budget()
      spend(used, &budget, now)
      return [.backlog, .telemetry, .events, .status].filter { budget.allows($0, bytes: 1000) }
    }
    #expect(allowed(898_000) == [.backlog, .telemetry, .events, .status])
    #expect(allowed(899_000) == [.telemetry, .events, .status], "the message itself would lead beyond 90 %")
    #expect(allowed(949_000) == [.events, .status])
    #expect(allowed(999_000) == [.status])
  }

  @Test func itBeginsAnewWithTheMonthOfTheSite() throws {
    var budget = budget()
    spend(950_000, &budget, try moment("2026-03-31T21:59:59Z"))
    #expect(!budget.allows(.telemetry))
    spend(1000, &budget, try moment("2026-03-31T22:00:00Z"))
    #expect(budget.used == 1000 && budget.allows(.backlog))
    spend(1000, &budget, try moment("2026-10-31T22:59:59Z"))
    #expect(budget.month == CalendarMonth(year: 2026, month: 10))
    spend(1000, &budget, try moment("2026-10-31T23:00:00Z"))
    #expect(budget.used == 1000, "winter time had begun")
    spend(1000, &budget, try moment("2026-12-31T23:00:00Z"))
    #expect(budget.month == CalendarMonth(year: 2027, month: 1) && budget.used == 1000)
  }

  @Test func aClockThatNobodyVouchesForBeginsNoMonth() throws {
    var budget = budget()
    spend(10_000, &budget, try moment("1970-01-01T00:00:10Z", isTrusted: false))
    #expect(budget.month == nil && budget.used == 10_000)
    spend(10_000, &budget, try moment("2026-05-31T12:00:00Z"))
    #expect(budget.month == CalendarMonth(year: 2026, month: 5) && budget.used == 20_000, "counted all the same")
    spend(10_000, &budget, try moment("2036-05-31T12:00:00Z", isTrusted: false))
    #expect(budget.used == 30_000)
    // A trusted clock that was wrong and is set back: what was spent is not given back.
    spend(10_000, &budget, try moment("2026-04-30T12:00:00Z"))
    #expect(budget.month == CalendarMonth(year: 2026, month: 4) && budget.used == 40_000)
  }

  @Test func itWarnsOnceAMonthAtFourFifths() throws {
    var budget = budget()
    spend(799_999, &budget, try moment("2026-06-30T10:00:00Z"))
    #expect(budget.takeWarning(at: try moment("2026-06-30T10:00:00Z")) == nil)
    spend(100, &budget, try moment("2026-06-30T11:00:00Z"))
    let warning = budget.takeWarning(at: try moment("2026-06-30T11:00:00Z"))
    #expect(warning == "80 % of the month's data are used")
    spend(100_000, &budget, try moment("2026-06-30T12:00:00Z"))
    #expect(budget.takeWarning(at: try moment("2026-06-30T12:00:00Z")) == nil)
    spend(900_000, &budget, try moment("2026-07-01T12:00:00Z"))
    #expect(budget.takeWarning(at: try moment("2026-07-01T12:00:00Z")) != nil, "a new month, a new warning")
  }

  @Test func itWarnsEarlyWhenThePaceIsTooHigh() throws {
    var budget = budget()
    // From the 1st, 40 kB a day: 1.2 MB by the end. A tenth of June is gone on the 4th.
    spend(100, &budget, try moment("2026-05-31T22:00:00Z"))
    spend(119_900, &budget, try moment("2026-06-03T21:00:00Z"))
    #expect(budget.takeWarning(at: try moment("2026-06-03T21:00:00Z")) == nil)
    #expect(
      budget.takeWarning(at: try moment("2026-06-03T22:30:00Z"))
        == "12 % of the month's data are used; at this pace it will be 119 % by its end")
    var slow = self.budget()
    spend(100, &slow, try moment("2026-05-31T22:00:00Z"))
    spend(79_900, &slow, try moment("2026-06-03T21:00:00Z"))
    #expect(slow.takeWarning(at: try moment("2026-06-03T22:30:00Z")) == nil, "800 kB by the end")
  }

  @Test func aRestartGoesOnCounting() throws {
    var before = budget()
    spend(850_000, &before, try moment("2026-06-20T10:00:00Z"))
    _ = before.takeWarning(at: try moment("2026-06-20T10:00:00Z"))
    var after = budget()
    spend(1000, &after, try moment("2026-06-20T10:01:00Z"))
    after.restore(before.saved(), at: try moment("2026-06-20T10:01:00Z"))
    #expect(after.used == 851_000 && after.hasWarned)
    #expect(after.takeWarning(at: try moment("2026-06-20T10:02:00Z")) == nil)
    var larger = budget(900_000)
    larger.restore(before.saved(), at: try moment("2026-06-20T10:01:00Z"))
    #expect(larger.takeWarning(at: try moment("2026-06-20T10:02:00Z")) != nil, "nobody was warned of this budget")
    var later = budget()
    spend(1000, &later, try moment("2026-07-02T10:00:00Z"))
    later.restore(before.saved(), at: try moment("2026-07-02T10:00:00Z"))
    #expect(later.used == 1000, "that was another month")
    var unsure = budget()
    unsure.restore(before.saved(), at: try moment("1970-01-01T00:00:00Z", isTrusted: false))
    #expect(unsure.used == 850_000 && unsure.month == CalendarMonth(year: 2026, month: 6))
    for garbage in [
      "", "{", "{}", #"{"used":-5,"hasWarned":false}"#, #"{"used":9223372036854775807,"hasWarned":false}"#,
    ] {
      var budget = budget()
      budget.restore(Array(garbage.utf8), at: try moment("2026-06-20T10:00:00Z"))
      #expect(budget.used == 0)
    }
  }

  @Test func anUplinkThatRunsOutKeepsEventsAndStatusAndGoesOnNextMonth() async throws {
    // 21 June, 12:00 on the site's clocks. Everything costs some hundred bytes; 30 kB are the month's.
    let states = FakeStates()
    var spent = DataBudget(limit: 30_000, zone: Given.berlin)
    spent.count(topic: "", payload: 27_000, at: Given.start)
    states.save(spent.saved(), under: "uplink-data/vpp")
    let old = Given.segment(1, 3, age: .seconds(300))
    let site = Site([old], settings: Given.settings(monthlyData: 30_000), states: states)
    try await eventually("restored") { site.uplink.counters().dataBytes == 27_090 }
    site.link.connect()
    site.store.commit(Given.segment(4, 6))
    try await site.expect("telemetry", [4...6], "91 %: fresh telemetry still goes")
    try await eventually("told") { site.events.names == ["data-budget-low"] }
    // Up to 95 % there is room for two more at the most, then events alone.
    for number in 2...5 {
      site.store.commit(Given.segment(UInt64(number) * 3 + 1, UInt64(number) * 3 + 3))
      site.store.commit(Given.eventSegment(UInt64(number)))
      try await eventually("event \(number)") { site.link.sent("events").count == number - 1 }
    }
    #expect(site.link.sent("telemetry").count <= 3)
    #expect(try site.ranges("backfill").isEmpty)
    #expect(site.uplink.counters().dataBytes <= 30_000)
    #expect(site.uplink.counters().dataBudgetBytes == 30_000)
    // The month's turn: what waited goes on.
    site.time.advance(by: .seconds(11 * 86_400))
    site.store.commit()
    try await eventually("the backlog goes on") {
      site.acknowledgeAll()
      site.time.advance(by: .seconds(1))
      site.store.commit()
      return site.store.acknowledged() == [SequenceRange(1, 6), SequenceRange(7, 18)]
        || site.store.acknowledged() == [SequenceRange(1, 18)]
    }
    await site.stop()
  }

  /// At 91 % the backlog waits, but an alarm of the last outage does not.
  @Test func oldEventsGoWhereOldTelemetryWaits() async throws {
    let states = FakeStates()
    var spent = DataBudget(limit: 30_000, zone: Given.berlin)
    spent.count(topic: "", payload: 27_000, at: Given.start)
    states.save(spent.saved(), under: "uplink-data/vpp")
    let site = Site(
      [Given.segment(1, 3, age: .seconds(600)), Given.eventSegment(1, age: .seconds(300))],
      settings: Given.settings(monthlyData: 30_000), states: states)
    try await eventually("restored") { site.uplink.counters().dataBytes == 27_090 }
    site.link.connect()
    try await site.expect("backfill", [1...1], "the event")
    #expect(try site.ranges("backfill", log: "events") == [1...1])
    await site.stop()
  }

  @Test func theCountIsSavedAtMostOnceAMinuteAndWhenLeaving() async throws {
    let site = Site([Given.segment(1, 3)], settings: Given.settings(monthlyData: 1_000_000))
    site.link.connect()
    try await site.expect("telemetry", [1...3], "live")
    try await eventually("saved") { site.states.saves == 1 }
    for number in 2...4 {
      site.time.advance(by: .seconds(10))
      site.store.commit(Given.segment(UInt64(number) * 3 - 2, UInt64(number) * 3, age: .seconds(-10)))
      try await eventually("sent") { site.link.sent("telemetry").count == number }
    }
    #expect(site.states.saves == 1)
    site.time.advance(by: .seconds(31))
    site.store.commit()
    try await eventually("a minute later") { site.states.saves == 2 }
    site.store.commit(Given.segment(13, 15, age: .seconds(-61)))
    try await eventually("sent") { site.link.sent("telemetry").count == 5 }
    async let leaving: Void = site.uplink.goOffline()
    try await eventually("offline is published") { site.link.sent("status").last?.isRetained == true }
    site.acknowledgeAll()
    try await eventually("saved") { site.states.saves == 3 }
    site.acknowledgeAll()
    await leaving
    await site.stop()
  }
}
