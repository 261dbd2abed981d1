import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteSimulation

/// Control that does not know of something has no rule for it: the judge, which knows, misses it. Of what supplies loads, cars and
/// heat pumps only their minimum times can be missed: what those rules wish besides is what the devices do when nobody wishes.
@Suite struct MissingRuleTests {
  enum Missing: Sendable {
    case limit(SiteParameters.Channel.Class, LimitedQuantity)
    case fuse, fuseExport, feedIn, reserve, rating, pause, charge, run, off

    func leave(out site: inout SiteParameters) {
      switch self {
      case .limit(let kind, let quantity):
        for index in site.channels.indices where site.channels[index].class == kind {
          site.channels[index].failsafe[quantity] = nil
          site.channels[index].mayLimit[quantity] = nil
        }
      case .fuse: site.fuse = nil
      // Rated so high that nothing is too much for it, in one direction as in the other.
      case .fuseExport: site.fuse?.rating = Amperes(1000)
      // Without strings a battery has its inverter for itself.
      case .rating: for index in site.hybrids.indices { site.hybrids[index].pvPeak = .zero }
      case .pause: for index in site.chargers.indices { site.chargers[index].minimumOff = .zero }
      case .charge: for index in site.chargers.indices { site.chargers[index].minimumOn = .zero }
      case .run: for index in site.heatPumps.indices { site.heatPumps[index].minimumOn = .zero }
      case .off:
        for index in site.loads.indices {
          site.loads[index].minimumOff = .zero
          site.loads[index].startsAnHour = nil
        }
      case .feedIn: site.feedIn = nil
      case .reserve: site.reserve = .zero
      }
    }
  }

  @Test(arguments: [
    (Missing.limit(.legal, .controllablePower), 18, 1.5, "legal limit"),
    (.limit(.legal, .importPower), 36, 9.6, "legal import"), (.fuse, 3, 0.2, "fuse"), (.feedIn, 15, 8.2, "feed-in"),
    (.reserve, 1, 8.4, "reserve"), (.fuseExport, 64, 8.8, "fuse export"), (.rating, 2, 7.3, "inverter rating"),
    (.pause, 12, 2.8, "shortest pause"), (.charge, 14, 6.8, "shortest charge"), (.run, 22, 17.9, "shortest run"),
    (.off, 3, 2.5, "minimum off"),
  ])
  func whatControlDoesNotKnowIsMissed(missing: Missing, seed: Int, hours: Double, what: String) {
    let run = SeedRun(seed: UInt64(seed))
    #expect(run.run(until: hours, told: missing.leave).violation?.what == what)
    #expect(run.run(until: hours).violation == nil)
  }
}
