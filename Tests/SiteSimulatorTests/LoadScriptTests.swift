import SiteSimulator
import Testing

@Suite struct LoadScriptTests {
  @Test func eachLineHoldsUntilTheNext() throws {
    let script = try LoadScript("# a comment\n0 500 -\n\n20 25000 0 # overload\n30.5 - 4000\n")
    #expect(script.line(at: 0)?.load == 500)
    #expect(script.line(at: 0)?.pv == nil)
    #expect(script.line(at: 19.9)?.load == 500)
    #expect(script.line(at: 20)?.load == 25_000)
    #expect(script.line(at: 99)?.pv == 4000)
    #expect(script.line(at: 99)?.load == nil)
  }

  @Test(arguments: ["0 500", "x 500 0", "0 -5 0", "0 1 2 3", "5 1 1\n4 1 1", "0 inf 0"])
  func refusesWhatItDoesNotUnderstand(text: String) {
    #expect(throws: LoadScript.Malformed.self) { try LoadScript(text) }
  }
}
