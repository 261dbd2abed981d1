import EnergyModel
import Synchronization
import Testing

@testable import Uplink

/// Which messages are taken on the link's thread.
@Suite struct CommandInboxTests {
  private final class FakeDesk: CommandPort {
    let calls = Mutex<[String]>([])
    let isKeeping = Mutex(true)

    func accept(_ command: Command, from destination: DestinationID, isRetained: Bool, received: Moment) -> Bool {
      calls.withLock { $0.append("\(command.kind) of \(destination)\(isRetained ? " retained" : "")") }
      return isKeeping.withLock { $0 }
    }
    func refuse(id: String?, _ reason: String, from destination: DestinationID, received: Moment) {
      calls.withLock { $0.append("refused \(id ?? "?"): \(reason)") }
    }
    func hear(_ channel: String, sent: Timestamp, from destination: DestinationID, received: Moment) {
      calls.withLock { $0.append("\(channel) of \(destination) at \(sent.milliseconds)") }
    }
    func take() -> [String] {
      calls.withLock { calls in
        defer { calls = [] }
        return calls
      }
    }
  }

  private static let command =
    #"{"v":1,"id":"7f3a","site":"s","issuer":"desk-4","counter":17,"issued":5,"kind":"limit","parameters":{}}"#
  private let desk = FakeDesk()

  private func message(_ name: String, _ text: String, isRetained: Bool = false, after: Duration = .zero)
    -> IncomingMessage
  {
    let at = Moment(wall: Given.start.wall + after, monotonic: Given.start.monotonic + after)
    return IncomingMessage(
      topic: "holdfast/v1/mill-lane-4/\(name)", payload: Array(text.utf8), isRetained: isRetained, received: at)
  }

  @Test func commandsGoToTheDeskAndItsWordGoesBack() {
    let inbox = CommandInbox(Given.settings(), desk: desk)
    #expect(inbox.accept(message("command", Self.command)))
    #expect(inbox.accept(message("command", Self.command, isRetained: true)))
    #expect(desk.take() == ["limit of vpp", "limit of vpp retained"])
    desk.isKeeping.withLock { $0 = false }
    #expect(!inbox.accept(message("command", Self.command)), "it must come again")
    #expect(inbox.accept(message("ack", "{}")) && inbox.accept(message("command/result", Self.command)))
    #expect(desk.take() == ["limit of vpp"])
  }

  @Test func whatIsNoCommandIsAnsweredWhereItHasAnId() {
    let inbox = CommandInbox(Given.settings(), desk: desk)
    #expect(inbox.accept(message("command", Self.command.replacing(#""counter":17,"#, with: ""))))
    #expect(inbox.accept(message("command", "nonsense")))
    #expect(inbox.accept(message("command", "more nonsense")))
    #expect(inbox.accept(message("command", "later", after: .seconds(60))))
    #expect(
      desk.take() == [
        "refused 7f3a: counter is not a whole number from 0 to 9223372036854775807", "refused ?: it is no JSON",
        "refused ?: it is no JSON",
      ], "what nobody can be answered about is told once a minute")
  }

  @Test func heartbeatsNameTheirChannel() {
    let inbox = CommandInbox(Given.settings(), desk: desk)
    #expect(inbox.accept(message("heartbeat/dso", #"{"t":7}"#)))
    #expect(inbox.accept(message("heartbeat/dso", #"{"t":8}"#, isRetained: true)))
    #expect(inbox.accept(message("heartbeat/dso", "{}")))
    #expect(
      desk.take() == [
        "dso of vpp at 7", "refused ?: heartbeat: t is not a whole number from 0 to 253402300799000",
      ])
  }

  @Test func theSubscriptionsAreThoseOfTheContract() {
    let settings = Given.settings()
    #expect(settings.subscriptions == ["ack", "replay", "command"].map { "holdfast/v1/mill-lane-4/\($0)" })
    #expect(settings.liveSubscriptions == ["holdfast/v1/mill-lane-4/heartbeat/+"])
  }
}
