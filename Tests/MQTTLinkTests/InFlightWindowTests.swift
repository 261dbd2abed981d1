import Testing

@testable import MQTTLink

@Suite struct InFlightWindowTests {
  @Test func boundsTheCount() {
    var window = InFlightWindow(messages: 2, bytes: 1000)
    #expect(window.admit(1, size: 1))
    #expect(window.admit(2, size: 1))
    #expect(!window.admit(3, size: 1))
  }

  @Test func boundsTheBytes() {
    var window = InFlightWindow(messages: 10, bytes: 100)
    #expect(window.admit(1, size: 60))
    #expect(!window.admit(2, size: 41))
    #expect(window.admit(3, size: 40))
  }

  @Test func letsOneLargeMessageThroughAlone() {
    var window = InFlightWindow(messages: 10, bytes: 100)
    #expect(window.admit(1, size: 5000))
    #expect(!window.admit(2, size: 1))
    #expect(window.acknowledge(1))
    #expect(window.admit(2, size: 1))
    #expect(!window.admit(3, size: 5000))
  }

  @Test func keepsThePlaceUntilTheAcknowledgementIsRead() {
    var window = InFlightWindow(messages: 1, bytes: 100)
    #expect(window.admit(1, size: 1))
    #expect(window.acknowledge(1))
    #expect(window.isEmpty)
    #expect(!window.admit(2, size: 1))
    window.acknowledgementRead()
    #expect(window.admit(2, size: 1))
  }

  @Test func refusesAnIdentifierThatIsUnderWayAndAForeignAcknowledgement() {
    var window = InFlightWindow(messages: 5, bytes: 100)
    #expect(window.admit(1, size: 1))
    #expect(!window.admit(1, size: 1))
    #expect(!window.acknowledge(9))
  }

  @Test func forgetsWhatWasUnderWayButNotUnreadAcknowledgements() {
    var window = InFlightWindow(messages: 2, bytes: 100)
    #expect(window.admit(1, size: 50))
    #expect(window.acknowledge(1))
    #expect(window.admit(2, size: 100))
    window.forget()
    #expect(window.isEmpty)
    #expect(window.admit(3, size: 100))
    #expect(!window.admit(4, size: 0))
  }
}
