public import EnergyModel
public import Logging

/// Hands each sample to several takers, all of which return at once.
public struct SampleFan: SampleSink {
  private let sinks: [any SampleSink]

  public init(_ sinks: [any SampleSink]) { self.sinks = sinks }

  public func accept(_ sample: Sample) {
    for sink in sinks { sink.accept(sample) }
  }
}

/// Writes each event to the journal and says it in the log. An alarm is an error there: only a person
/// or a lost value makes one, so that journald is not made to sync without need.
public struct EventFan: EventSink {
  private let journal: any EventSink
  private let logger: Logger

  public init(journal: any EventSink, logger: Logger) {
    self.journal = journal
    self.logger = logger
  }

  public func post(_ event: Event) {
    journal.post(event)
    let device = event.device.map { "\($0): " } ?? ""
    logger.log(level: level(event.severity), "\(event.name): \(device)\(event.text)")
  }

  private func level(_ severity: Event.Severity) -> Logger.Level {
    switch severity {
    case .info: .info
    case .warning: .warning
    case .alarm: .error
    }
  }
}
