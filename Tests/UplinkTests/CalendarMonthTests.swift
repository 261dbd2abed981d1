import EnergyModel
import Foundation
import Testing

@testable import Uplink

struct CalendarMonthTests {
  private func instant(_ text: String) throws -> Timestamp {
    let date = try #require(ISO8601DateFormatter().date(from: text))
    return Timestamp(milliseconds: Int64(date.timeIntervalSince1970 * 1000))
  }

  @Test func aMonthBeginsAtMidnightOnTheSitesClocks() throws {
    let zone = Given.berlin
    let march = CalendarMonth(year: 2026, month: 3)
    #expect(march.start(in: zone) == (try instant("2026-02-28T23:00:00Z")))
    #expect(march.next.start(in: zone) == (try instant("2026-03-31T22:00:00Z")), "summer time began")
    #expect(march.next.start(in: zone) - march.start(in: zone) == .seconds(31 * 86_400 - 3600))
    let october = CalendarMonth(year: 2026, month: 10)
    #expect(october.next.start(in: zone) - october.start(in: zone) == .seconds(31 * 86_400 + 3600))
    #expect(CalendarMonth(of: try instant("2026-03-31T21:59:59Z"), in: zone) == march)
    #expect(CalendarMonth(of: try instant("2026-03-31T22:00:00Z"), in: zone) == march.next)
    #expect(CalendarMonth(of: try instant("2026-12-31T23:00:00Z"), in: zone) == CalendarMonth(year: 2027, month: 1))
    #expect(CalendarMonth(year: 2026, month: 12).next == CalendarMonth(year: 2027, month: 1))
  }

  @Test func itIsTheMonthOfTheCalendarOverTwoHundredYears() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    for day in stride(from: -36_500, to: 36_500, by: 7) {
      let time = Timestamp(milliseconds: Int64(day) * 86_400_000 + 1)
      let parts = calendar.dateComponents(
        [.year, .month], from: Date(timeIntervalSince1970: Double(day) * 86_400 + 0.001))
      let month = CalendarMonth(of: time, in: .utc)
      #expect(month.year == parts.year && month.month == parts.month)
      #expect(month.start(in: .utc) <= time && time < month.next.start(in: .utc))
    }
  }

  @Test func itsTextIsReadBack() {
    #expect(CalendarMonth("2026-03") == CalendarMonth(year: 2026, month: 3))
    #expect(CalendarMonth(year: 2026, month: 3).description == "2026-03")
    for bad in ["", "2026", "2026-13", "2026-00", "x-1", "2026-03-01"] { #expect(CalendarMonth(bad) == nil) }
  }
}
