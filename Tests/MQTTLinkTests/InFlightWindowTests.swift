import Testing

@testable import MQTTLink

@Suite struct InFlightWindowTests {
  @Test func boundsTheCount() {
    var window = InFlightWindow(messages: 2, bytes: 1000)
    #expect(window.admit(1, size: 1) == true)
    #expect(window.admit(2, size: 1) == true)
    #expect(window.admit(3, size: 1) == false)
  }

  @Test func boundsTheBytes() {
    var window = InFlightWindow(messages: 10, bytes: 100)
    #expect(window.admit(1, size: 60) == true)
    #expect(window.admit(2, size: 41) == false)
    #expect(window.admit(3, size: 40) == true)
  }

  @Test func letsOneLargeMessageThroughAlone() {
    var window = InFlightWindow(messages: 10, bytes: 100)
    #expect(window.admit(1, size: 5000) == true)
    #expect(window.admit(2, size: 1) == false)
    #expect(window.acknowledge(1) == true)
    #expect(window.admit(2, size: 1) == true)
    #expect(window.admit(3, size: 5000) == false)
  }

  @Test func keepsThePlaceUntilTheAcknowledgementIsRead() {
    var window = InFlightWindow(messages: 1, bytes: 100)
    #expect(window.admit(1, size: 1) == true)
    #expect(window.acknowledge(1) == true)
    #expect(window.isEmpty)
    #expect(window.admit(2, size: 1) == false)
    window.acknowledgementsRead(1)
    #expect(window.admit(2, size: 1) == true)
  }

  @Test func refusesAnIdentifierThatIsUnderWayAndAForeignAcknowledgement() {
    var window = InFlightWindow(messages: 5, bytes: 100)
    #expect(window.admit(1, size: 1) == true)
    #expect(window.admit(1, size: 1) == false)
    #expect(window.acknowledge(9) == false)
  }

  @Test func forgetsWhatWasUnderWayButNotUnreadAcknowledgements() {
    var window = InFlightWindow(messages: 2, bytes: 100)
    #expect(window.admit(1, size: 50) == true)
    #expect(window.acknowledge(1) == true)
    #expect(window.admit(2, size: 100) == true)
    window.forget()
    #expect(window.isEmpty)
    #expect(window.admit(3, size: 100) == true)
    #expect(window.admit(4, size: 0) == false)
  }
}
