import EnergyDispatch
import EnergyModel
import SiteSimulation
import Testing

struct AccountTests {
  /// Two hours of a winter's night without control, once with a price of demand (12 EUR/kW) and once without.
  @Test func thePeakCostsWhatTheConfigurationSays() throws {
    func account(_ demand: SiteParameters.Demand?) -> Account {
      let site = Sites.house { $0.demand = demand }
      var loop = SiteLoop(
        SiteDescription(parameters: site), seed: 7, start: Sites.midwinter, step: 60, control: .none, faults: [])
      var account = Account(site)
      for _ in 0..<120 { account.add(loop.advance(Circumstances()), loop) }
      return account
    }
    let priced = account(.init(target: Watts(8000), price: 1200))
    #expect(priced.peak > 0)
    #expect(priced.peakCost == 1200 * priced.peak / 1000)
    #expect(Report([("site", priced)]).json.contains(#""peak_cost":"#))
    #expect(account(.init(target: Watts(8000))).peakCost == nil)
    #expect(account(nil).peakCost == nil)
  }
}
