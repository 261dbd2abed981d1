import Testing

@testable import MQTTLink

@Suite struct LinkSettingsTests {
  @Test func neverShowsThePassword() {
    let settings = LinkSettings(clientID: "box", host: "broker.example", user: "box", password: "hunter2")
    var dumped = ""
    dump(settings, to: &dumped)
    for text in [dumped, "\(settings)", String(reflecting: settings), "\([settings])"] {
      #expect(!text.contains("hunter2"))
      #expect(text.contains("broker.example"))
    }
  }

  @Test(arguments: [(1, 5), (5, 5), (20, 20), (100_000, 65535)])
  func keepsTheKeepaliveWithinWhatTheLibraryTakes(_ seconds: Int, _ taken: Int32) {
    let settings = LinkSettings(clientID: "box", host: "h", keepAlive: .seconds(seconds))
    #expect(settings.keepAliveSeconds == taken)
  }
}
