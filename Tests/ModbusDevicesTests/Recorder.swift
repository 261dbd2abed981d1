import EnergyModel
import Synchronization

/// Everything a bus tells.
final class Recorder: SampleSink, WriteReportSink, EventSink {
  private struct State {
    var samples: [Sample] = []
    var reports: [WriteReport] = []
    var events: [Event] = []
  }

  private let state = Mutex(State())

  func accept(_ sample: Sample) { state.withLock { $0.samples.append(sample) } }
  func accept(_ report: WriteReport) { state.withLock { $0.reports.append(report) } }
  func post(_ event: Event) { state.withLock { $0.events.append(event) } }

  var reports: [WriteReport] { state.withLock { $0.reports } }
  var events: [Event] { state.withLock { $0.events } }
  func samples(of device: DeviceID) -> [Sample] { state.withLock { $0.samples.filter { $0.device == device } } }
  func outcome(of id: UInt64) -> WriteReport.Outcome? { reports.first { $0.command.id == id }?.outcome }
  func events(named name: String) -> [Event] { events.filter { $0.name == name } }

  func hasGood(_ device: DeviceID, _ point: Point, _ value: Double) -> Bool {
    samples(of: device).contains { $0[point]?.value == value }
  }
}
