import EnergyModel
import Foundation
import Testing

struct CivilDateTests {
  @Test func itIsTheDayOfTheCalendarOverTwoHundredYears() throws {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
    for day in stride(from: -36_500, to: 36_500, by: 13) {
      let parts = calendar.dateComponents(
        [.year, .month, .day], from: Date(timeIntervalSince1970: Double(day) * 86_400))
      let date = CivilDate(daysSince1970: day)
      #expect(date.year == parts.year && date.month == parts.month && date.day == parts.day)
      #expect(date.daysSince1970 == day && date.exists)
    }
  }

  @Test func daysThatAreNotThereAreTold() {
    for (year, month, day) in [
      (2026, 2, 29), (2026, 2, 30), (1900, 2, 29), (2026, 13, 1), (2026, 0, 1), (2026, 4, 31), (2026, 4, 0),
    ] {
      #expect(!CivilDate(year: year, month: month, day: day).exists, "\(year)-\(month)-\(day)")
    }
    #expect(CivilDate(year: 2000, month: 2, day: 29).exists)
    #expect(CivilDate(year: 1, month: 1, day: 1).daysSince1970 == -719_162)
  }
}
