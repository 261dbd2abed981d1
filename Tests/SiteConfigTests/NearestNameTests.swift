import Testing

@testable import SiteConfig

@Suite struct NearestNameTests {
  @Test func distances() {
    #expect(NearestName.distance("", "abc") == 3)
    #expect(NearestName.distance("abc", "") == 3)
    #expect(NearestName.distance("same", "same") == 0)
    #expect(NearestName.distance("hybird", "hybrid") == 1, "neighbours swapped are one slip")
    #expect(NearestName.distance("base_lod", "base_load") == 1)
    #expect(NearestName.distance("kitten", "sitting") == 3)
  }

  @Test func onlyWhatIsCloseIsSuggested() {
    let names = ["base_load", "fuse", "feed_in"]
    #expect(NearestName.of("BASE_LOAD", among: names) == "base_load")
    #expect(NearestName.of("feedin", among: names) == "feed_in")
    #expect(NearestName.of("fuze", among: names) == "fuse")
    #expect(NearestName.of("tariff", among: names) == nil)
    #expect(NearestName.of("x", among: names) == nil)
    #expect(NearestName.hint("tariff", among: names) == "")
  }
}
