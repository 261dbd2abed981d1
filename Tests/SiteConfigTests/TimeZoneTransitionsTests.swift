import EnergyModel
import Foundation
import Testing

@testable import SiteConfig

@Suite struct TimeZoneTransitionsTests {
  private func instant(_ text: String) throws -> Timestamp {
    let date = try Date(text, strategy: .iso8601)
    return Timestamp(milliseconds: Int64(date.timeIntervalSince1970) * 1000)
  }

  @Test func berlinSwitchesAtOneInTheMorningUTC() throws {
    let zone = try #require(TimeZoneTransitions.table("Europe/Berlin"))
    #expect(zone.offset(at: try instant("2026-03-29T00:59:59Z")) == .seconds(3600))
    #expect(zone.offset(at: try instant("2026-03-29T01:00:00Z")) == .seconds(7200))
    #expect(zone.offset(at: try instant("2026-10-25T00:59:59Z")) == .seconds(7200))
    #expect(zone.offset(at: try instant("2026-10-25T01:00:00Z")) == .seconds(3600))
    #expect(zone.transitions.map(\.at) == zone.transitions.map(\.at).sorted())
    #expect(zone.initialOffset == .seconds(3600))
  }

  @Test func daysHave23And25Hours() throws {
    let zone = try #require(TimeZoneTransitions.table("Europe/Berlin"))
    let spring = try instant("2026-03-29T10:00:00Z")
    #expect(spring - zone.sameTimeYesterday(spring) == .seconds(23 * 3600))
    let autumn = try instant("2026-10-25T11:00:00Z")
    #expect(autumn - zone.sameTimeYesterday(autumn) == .seconds(25 * 3600))
    let summer = try instant("2026-07-01T10:00:00Z")
    #expect(summer - zone.sameTimeYesterday(summer) == .seconds(24 * 3600))
  }

  @Test func theTableReachesFarAhead() throws {
    let zone = try #require(TimeZoneTransitions.table("Europe/Berlin"))
    #expect(zone.offset(at: try instant("2051-01-15T12:00:00Z")) == .seconds(3600))
    #expect(zone.offset(at: try instant("2051-07-15T12:00:00Z")) == .seconds(7200))
  }

  @Test func otherPlaces() throws {
    let lordHowe = try #require(TimeZoneTransitions.table("Australia/Lord_Howe"))
    #expect(lordHowe.offset(at: try instant("2026-01-15T00:00:00Z")) == .seconds(11 * 3600))
    #expect(lordHowe.offset(at: try instant("2026-07-15T00:00:00Z")) == .seconds(10 * 3600 + 1800))
    let india = try #require(TimeZoneTransitions.table("Asia/Kolkata"))
    #expect(india.transitions.isEmpty)
    #expect(india.initialOffset == .seconds(5 * 3600 + 1800))
    // A change of the standard offset, no daylight saving: Turkey stayed on summer time in 2016.
    let istanbul = try #require(TimeZoneTransitions.table("Europe/Istanbul"))
    #expect(istanbul.offset(at: try instant("2015-12-15T00:00:00Z")) == .seconds(7200))
    #expect(istanbul.offset(at: try instant("2017-01-15T00:00:00Z")) == .seconds(10_800))
    #expect(TimeZoneTransitions.table("UTC")?.transitions.isEmpty == true)
  }

  @Test func unknownNames() {
    for name in ["", "Europe/Berln", "CET+1", "GMT+3", "europe/berlin", "../etc/passwd"] {
      #expect(TimeZoneTransitions.table(name) == nil, "\(name)")
    }
    #expect(TimeZoneTransitions.nearest("Europe/Berln") == "Europe/Berlin")
  }
}
