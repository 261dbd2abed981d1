import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteSimulation

@Suite struct UplinksTests {
  private static let epoch = MonotonicInstant(nanoseconds: 1_000_000_000_000)

  /// What control is told in each step of 10 s, as `second: limit`, and the last word.
  private func told(_ faults: [Fault], away: Range<Double> = -1.0..<0) -> [Double: StandingOrders.ChannelOrders] {
    let site = Sites.house { site in
      site.channels = [.init(name: "line", kind: .uplink("peer"), class: .legal, hasHeartbeat: true)]
    }
    var uplinks = Uplinks(site)
    var all: [Double: StandingOrders.ChannelOrders] = [:]
    for second in stride(from: 10.0, through: 900, by: 10) {
      var evidence = Evidence()
      all[second] =
        uplinks.step(
          faults, second: second, epoch: Self.epoch, isAgentUp: !away.contains(second), &evidence)["line"]
    }
    return all
  }

  private func second(_ instant: MonotonicInstant?) -> Double? { instant.map { ($0 - Self.epoch).seconds } }

  /// 00:01:10 the peer says that there is no limit; 00:03:20 it limits, for 200 s.
  @Test func aLimitComesWithItsDurationAndEndsByItself() {
    let orders = told([Fault(.limit("line", .importPower, 3000, isTimed: true), from: 200, until: 400)])
    #expect(second(orders[60]?.lastWord) == nil && second(orders[200]?.lastWord) == 70)
    #expect(orders[210]?.limits[.importPower]?.value == 3000 && second(orders[210]?.limits[.importPower]?.ends) == 400)
    #expect(second(orders[390]?.lastWord) == 210 && orders[400]?.limits.isEmpty == true)
    #expect(second(orders[600]?.lastWord) == 210)
  }

  @Test func aLimitWithoutADurationIsReleased() {
    let orders = told([Fault(.limit("line", .importPower, 3000, isTimed: false), from: 200, until: 400)])
    #expect(orders[300]?.limits[.importPower]?.ends == nil && orders[300]?.limits.count == 1)
    #expect(orders[410]?.limits.isEmpty == true && second(orders[410]?.lastWord) == 410)
  }

  /// Silent from 150 to 500 s: the limit arrives when the line is back, and no heartbeat before.
  @Test func nothingArrivesWhileTheLineIsDown() {
    let orders = told([
      Fault(.silence("line"), from: 150, until: 500),
      Fault(.limit("line", .importPower, 3000, isTimed: false), from: 200, until: 800),
    ])
    #expect(orders[500]?.limits.isEmpty == true && second(orders[500]?.lastHeartbeat) == 150)
    #expect(orders[510]?.limits.count == 1 && second(orders[510]?.lastWord) == 510)
  }

  /// The agent is away from 300 to 400 s: the limit is kept, signs of life are not, and the peer greets a minute after.
  @Test func aRestartKeepsTheLimitAndForgetsTheSigns() {
    let limit = Fault(.limit("line", .importPower, 3000, isTimed: true), from: 200, until: 800)
    let orders = told([limit], away: 300..<400)
    #expect(orders[400]?.limits.count == 1 && orders[400]?.lastWord == nil)
    #expect(second(orders[400]?.lastHeartbeat) == 400)
    #expect(second(orders[500]?.lastWord) == 460)
  }
}
