import EnergyModel
import Testing

@testable import SiteSimulation

@Suite struct DemandSeriesTests {
  private static let file = """
    time_local,consumption_kw,pv_kw
    2011-07-01 00:00:00,0.392,0.0
    2011-07-01 00:30:00,0.578,0.25
    2011-07-01T01:30,1.5,2
    """

  private func local(_ text: String) throws -> Timestamp { try #require(DemandSeries.time(text[...])) }

  @Test func powersAreThoseOfTheIntervalThatHoldsTheTime() throws {
    let series = try DemandSeries(csv: Self.file)
    #expect(series.interval == .seconds(1800) && series.hasProduction)
    let first = series.powers(at: try local("2011-07-01 00:29:59"))
    #expect(first.consumption == 392 && first.production == 0)
    let second = series.powers(at: try local("2011-07-01 00:30:00"))
    #expect(second.consumption == 578 && second.production == 250)
    #expect(series.powers(at: try local("2011-07-01 01:45")).production == 2000)
  }

  @Test func problemsNameTheirLine() {
    func problem(_ text: String) -> DemandSeries.Malformed? {
      do {
        _ = try DemandSeries(csv: text)
        return nil
      } catch { return error }
    }
    #expect(problem("time,power\n")?.line == 1)
    #expect(problem("t,consumption_w\n2011-07-01 00:00,x\n")?.problem == "'x' is no power of 0 or more")
    #expect(problem("t,consumption_w\n2011-07-01 00:00,1\n2011-02-30 00:00,1\n")?.line == 3)
    #expect(problem("t,consumption_w\n2011-07-01 00:00,1,2\n")?.problem == "3 columns instead of 2")
    #expect(problem("t,consumption_w\n2011-07-01 00:00,-1\n")?.line == 2)
    #expect(problem("t,consumption_w\n2011-07-01 00:00,1\n")?.line == 2)
  }
}
