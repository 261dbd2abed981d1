import EnergyModel
import MQTTDevices
import MQTTLink
import Synchronization

/// The relays on one broker. Whoever calls gets an answer at once: a command is published or refused, and its report
/// comes when the device has spoken or its time is up.
final class MQTTSwitches: SetpointPort {
  private struct State {
    var desk: SwitchDesk
    var lastMessage: UInt64 = 0
  }

  private let state: Mutex<State>
  private let link: any MessageLink
  private let reports: any WriteReportSink
  private let time: any TimeSource
  /// False where the site is only watched.
  private let mayWrite: Bool

  init(
    _ desk: SwitchDesk, link: any MessageLink, reports: any WriteReportSink, time: any TimeSource, mayWrite: Bool
  ) {
    state = Mutex(State(desk: desk))
    self.link = link
    self.reports = reports
    self.time = time
    self.mayWrite = mayWrite
  }

  var areAny: Bool { state.withLock { !$0.desk.devices.isEmpty } }
  /// Whether a command is published rather than refused.
  var isConnected: Bool { state.withLock { $0.desk.isConnected } }

  func submit(_ command: SetpointCommand) {
    guard mayWrite else {
      let outcome = WriteReport.Outcome.refused("\(command.device) is only read")
      return reports.accept(WriteReport(command: command, outcome: outcome, at: time.now()))
    }
    step { $0.submit(command, at: $1) }
  }

  func saw(_ sample: Sample) { step { $0.saw(sample, at: $1) } }
  func lookAtClock() { step { $0.lookAtClock($1) } }
  func connected() { step { $0.connected(at: $1) } }
  func disconnected() { step { $0.disconnected(at: $1) } }
  func end() { step { $0.giveUp("the agent stops", $1) } }

  /// Publishing hands over to the link's thread, so the lock is held for microseconds. What the link does not take is
  /// as if it were lost: the device's silence tells.
  private func step(_ act: (inout SwitchDesk, Moment) -> SwitchDesk.Step) {
    let due = state.withLock { state in
      let step = act(&state.desk, time.now())
      for publication in step.publications {
        state.lastMessage += 1
        _ = link.publish(
          OutgoingMessage(
            id: state.lastMessage, topic: publication.topic, payload: Array(publication.payload.utf8),
            qualityOfService: 0))
      }
      return step.reports
    }
    for report in due { reports.accept(report) }
  }
}
