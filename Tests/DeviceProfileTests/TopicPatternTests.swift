import DeviceProfile
import Testing

@Suite struct TopicPatternTests {
  @Test func capturesWhatItLeavesOpen() throws {
    let pattern = try TopicPattern("site/{building}/meter/{phase}/power")
    #expect(pattern.captures == ["building", "phase"])
    #expect(pattern.filter == "site/+/meter/+/power")
    #expect(pattern.match("site/b1/meter/L1/power") == ["b1", "L1"])
    #expect(pattern.match("site/b1/meter/L1/voltage") == nil)
    #expect(pattern.match("site/b1/meter/L1") == nil)
    #expect(pattern.match("site/b1/meter/L1/power/more") == nil)
    #expect(pattern.match("site//meter/L1/power") == nil)
  }

  @Test func aTopicAsItIsFitsItselfAlone() throws {
    let pattern = try TopicPattern("home/roof")
    #expect(pattern.captures.isEmpty)
    #expect(pattern.filter == "home/roof")
    #expect(pattern.match("home/roof") == [])
    #expect(pattern.match("home/roof/") == nil)
  }

  @Test func isFilledInWithATopicOfSeveralLevels() throws {
    let pattern = try TopicPattern("{topic}/relay/0").filled("topic", with: "shellies/shelly1-A4")
    #expect(pattern == TopicPattern(literal: "shellies/shelly1-A4/relay/0"))
    #expect(try TopicPattern("{room}/x").filled("topic", with: "a") == TopicPattern("{room}/x"))
  }

  @Test(arguments: [
    "", "home/+/roof", "home/#", "home/{a", "home/a}", "home/x{a}", "home/{}", "{a}/{a}", "{a{b}}", "a\0b",
  ])
  func refuses(_ text: String) {
    #expect(throws: TopicPattern.Flaw.self) { try TopicPattern(text) }
  }
}
