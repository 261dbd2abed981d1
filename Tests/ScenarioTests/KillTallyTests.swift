import Testing

@Suite struct KillTallyTests {
  @Test func aHitCountsForTheAimAtIt() {
    var tally = KillTally()
    tally.count(.commit, met: [])
    tally.count(.commit, met: [.commit, .checkpoint])
    var other = KillTally()
    other.count(.checkpoint, met: [.commit])
    tally.add(other)
    #expect(tally.kills == 3)
    #expect(tally.hits(.commit).part == 0.5 && tally.hits(.commit).all == 2)
    #expect(tally.hits(.checkpoint).part == 0 && tally.hits(.checkpoint).all == 1)
    #expect(tally.hits(.start).part == 0, "nothing was aimed there")
  }

  @Test func theSlowestStartsDecide() {
    var tally = KillTally()
    #expect(tally.firstPoll(part: 0.99) == .infinity, "no start was seen")
    tally.firstPolls = (1...200).reversed().map(Double.init)
    #expect(tally.firstPoll(part: 0.5) == 100 && tally.firstPoll(part: 0.99) == 198 && tally.firstPoll(part: 1) == 200)
  }
}
