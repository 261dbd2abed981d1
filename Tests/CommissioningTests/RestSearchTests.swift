import Commissioning
import EnergyModel
import Testing

@Suite struct RestSearchTests {
  @Test func whatHelpedIsKept() {
    var search = RestSearch(.milliseconds(20))
    // Nobody has been heard yet: silence has another reason.
    #expect(search.longer(than: .milliseconds(20)) == [])
    search.answered(after: .milliseconds(20), isRepeated: false)
    #expect(search.longer(than: .milliseconds(20)) == [.milliseconds(100), .milliseconds(500)])
    #expect(search.longer(than: .milliseconds(200)) == [.milliseconds(500)])
    search.answered(after: .milliseconds(100), isRepeated: true)
    #expect(search.rest == .milliseconds(100))
    #expect(search.longer(than: search.rest) == [.milliseconds(500)])
    // A profile's own pause is no discovery.
    search.answered(after: .milliseconds(500), isRepeated: false)
    #expect(search.rest == .milliseconds(100))
  }

  @Test func aDeviceThatIsSilentAboutWhatItLacksIsNotAskedEverythingAgain() {
    var search = RestSearch(.milliseconds(20))
    var repetitions = 0
    for _ in 0..<50 {
      search.answered(after: .milliseconds(20), isRepeated: false)
      repetitions += search.longer(than: search.rest).count
      search.missed()
      // Nor where it was silent before.
      #expect(search.longer(than: search.rest) == [])
    }
    #expect(repetitions == 4)
    #expect(search.rest == .milliseconds(20))
  }
}
