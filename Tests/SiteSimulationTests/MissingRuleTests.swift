import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteSimulation

/// Control that does not know of something has no rule for it: the judge, which knows, misses it.
@Suite struct MissingRuleTests {
  enum Missing: Sendable {
    case limit(SiteParameters.Channel.Class, LimitedQuantity)
    case fuse, feedIn, reserve

    func leave(out site: inout SiteParameters) {
      switch self {
      case .limit(let kind, let quantity):
        for index in site.channels.indices where site.channels[index].class == kind {
          site.channels[index].failsafe[quantity] = nil
          site.channels[index].mayLimit[quantity] = nil
        }
      case .fuse: site.fuse = nil
      case .feedIn: site.feedIn = nil
      case .reserve: site.reserve = .zero
      }
    }
  }

  @Test(arguments: [
    (Missing.limit(.legal, .controllablePower), 18, 1.5, "legal limit"),
    (.limit(.legal, .importPower), 36, 9.6, "legal import"), (.fuse, 3, 0.2, "fuse"), (.feedIn, 15, 8.2, "feed-in"),
    (.reserve, 1, 8.4, "reserve"),
  ])
  func whatControlDoesNotKnowIsMissed(missing: Missing, seed: Int, hours: Double, what: String) {
    let run = SeedRun(seed: UInt64(seed))
    #expect(run.run(until: hours, told: missing.leave).violation?.what == what)
    #expect(run.run(until: hours).violation == nil)
  }
}
