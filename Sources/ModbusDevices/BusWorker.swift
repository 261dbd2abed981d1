import DeviceProfile
import EnergyModel
import Threads

/// The work of one bus, on the thread of that bus: commands first, then whoever's turn it is.
final class BusWorker {
  /// How long a stopping bus goes on with the commands it had accepted.
  static let stopBound = Duration.seconds(2)

  private let name: String
  private let link: ModbusLink
  private let sessions: [DeviceSession]
  private let connectTimeout: Duration
  private let queue: CommandQueue
  private let wakeup: Wakeup
  private let time: any TimeSource
  private let reports: any WriteReportSink
  private var schedule: PollSchedule

  init(
    name: String, _ endpoint: BusEndpoint, pause: Duration, devices: [BusDevice], store: RegisterStore?,
    queue: CommandQueue, wakeup: Wakeup, time: any TimeSource, samples: any SampleSink,
    reports: any WriteReportSink, events: any EventSink
  ) {
    let connections = devices.map(\.profile.connection)
    let link = ModbusLink(
      endpoint,
      manners: .init(
        unitPause: pause, connectDelay: connections.map(\.connectDelay).max() ?? .zero,
        idleClose: connections.compactMap(\.idleClose).min()))
    let connectTimeout = devices.map(\.profile.reading.timeout).max() ?? .seconds(1)
    self.name = name
    self.link = link
    self.connectTimeout = connectTimeout
    self.queue = queue
    self.wakeup = wakeup
    self.time = time
    self.reports = reports
    sessions = devices.map {
      DeviceSession(
        $0, link: link, connectTimeout: connectTimeout, store: store, time: time, samples: samples, events: events)
    }
    schedule = PollSchedule(periods: devices.map(\.period), start: time.now().monotonic)
  }

  /// Returns once the bus is stopped and every accepted command has its report.
  func run() {
    while !queue.isStopped {
      serveCommands()
      switch schedule.next(at: time.now().monotonic) {
      case .poll(let index): poll(index)
      case .connect: connect()
      case .wait(let until):
        let due = sessions.compactMap { $0.waitingJob?.due }.min()
        wakeup.wait(until: [until, due].compactMap(\.self).min())
      }
    }
    finishCommands()
    link.close()
  }

  private func poll(_ index: Int) {
    let outcome = sessions[index].poll {
      serveCommands()
      return !queue.isStopped
    }
    let now = time.now().monotonic
    switch outcome {
    case .answered: schedule.answered(index, at: now)
    case .silent: schedule.silent(index, at: now, jitter: jitter)
    case .linkDown(let failure): linkWentDown(failure)
    case .abandoned: break
    }
  }

  private func connect() {
    do {
      try link.connect(timeout: connectTimeout)
      schedule.linkCameUp(at: time.now().monotonic)
    } catch {
      linkWentDown(error)
    }
  }

  private func linkWentDown(_ failure: ModbusFailure) {
    schedule.linkFailed(at: time.now().monotonic, jitter: jitter)
    for session in sessions { session.markSilent(failure.description) }
  }

  private func serveCommands() {
    while let command = queue.takeFirst() { begin(command) }
    let now = time.now().monotonic
    for index in sessions.indices {
      guard let due = sessions[index].waitingJob?.due, due <= now else { continue }
      let isResting = schedule.isResting(index, at: now)
      finish(index, isResting ? sessions[index].abandonWriting(restRefusal(index)) : sessions[index].resumeWriting())
    }
  }

  private func begin(_ command: SetpointCommand) {
    guard let index = sessions.firstIndex(where: { $0.device.id == command.device }) else {
      return report(command, .refused("bus \(name) has no device \(command.device)"))
    }
    if schedule.isResting(index, at: time.now().monotonic) { return report(command, restRefusal(index)) }
    finish(index, sessions[index].write(command))
  }

  private func restRefusal(_ index: Int) -> WriteReport.Outcome {
    .failed("\(sessions[index].device.id) is silent and is left alone until its next probe")
  }

  private func finish(_ index: Int, _ progress: WriteProgress) {
    if let failure = progress.silence?.linkFailure {
      linkWentDown(failure)
    } else if progress.silence != nil {
      schedule.silent(index, at: time.now().monotonic, jitter: jitter)
    }
    for (command, outcome) in progress.reports { report(command, outcome) }
  }

  /// The fallback values of a clean stop are worth waiting for, but not for long.
  private func finishCommands() {
    let pauses = sessions.map(\.rules.writePause).max() ?? .zero
    let deadline = time.now().monotonic + Self.stopBound + pauses
    while let command = queue.takeFirst() {
      if time.now().monotonic < deadline { begin(command) } else { report(command, stopped) }
    }
    while let due = sessions.compactMap({ $0.waitingJob?.due }).min(), due < deadline {
      // Only the time is waited for: the bell has rung for the stop already.
      link.sleep(until: due)
      serveCommands()
    }
    for index in sessions.indices { finish(index, sessions[index].abandonWriting(stopped)) }
  }

  private var stopped: WriteReport.Outcome { .failed("bus \(name) stopped before it could be written") }

  private func report(_ command: SetpointCommand, _ outcome: WriteReport.Outcome) {
    reports.accept(WriteReport(command: command, outcome: outcome, at: time.now()))
  }

  private var jitter: Double { Double.random(in: 0..<1) }
}
