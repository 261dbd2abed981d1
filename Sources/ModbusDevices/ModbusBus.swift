public import DeviceProfile
public import EnergyModel
import Synchronization
import Threads

/// One Modbus connection with the devices behind it, on a thread of its own: whatever happens here
/// delays no other bus and nobody who submits a command. All traffic with its devices takes this one connection.
public final class ModbusBus: SetpointPort, Sendable {
  /// Commands that wait at most; control writes a few a second.
  static let queueCapacity = 64

  private enum Stage: Sendable {
    case new
    case running(OwnThread)
    /// Somebody waits for the thread, or it has ended.
    case joined
    /// Stopped before it was started.
    case neverStarted
  }

  private let name: String
  private let endpoint: BusEndpoint
  private let pause: Duration
  private let devices: [BusDevice]
  private let time: any TimeSource
  private let samples: any SampleSink
  private let reports: any WriteReportSink
  private let events: any EventSink
  private let queue = CommandQueue(capacity: ModbusBus.queueCapacity)
  private let wakeup = Wakeup()
  private let stage = Mutex(Stage.new)
  private let server: RegisterServer?
  private let serving = Mutex<OwnThread?>(nil)

  /// - Parameters:
  ///   - pause: rest of the line between requests to two different units.
  ///   - serve: where others may read what was read here; nil listens nowhere.
  ///   - time: a clock that runs with the system's monotonic one, which the waiting goes by.
  ///   - samples: gets one sample for each poll of each device, good or marked.
  ///   - reports: gets exactly one report for each command, on the bus's thread, or on the caller's
  ///     where the command finds no room.
  ///   - events: `device-lost`, `device-back`, `device-exception`, `wrong-serial`, `serial-unreadable`,
  ///     `register-server-started`, `register-server-failed`.
  public init(
    name: String, _ endpoint: BusEndpoint, pause: Duration = .zero, serve: ServedAddress? = nil, devices: [BusDevice],
    time: any TimeSource, samples: any SampleSink, reports: any WriteReportSink, events: any EventSink
  ) {
    self.name = name
    self.endpoint = endpoint
    self.pause = pause
    self.devices = devices
    self.time = time
    self.samples = samples
    self.reports = reports
    self.events = events
    server = serve.map { address in
      let store = RegisterStore(units: Set(devices.map(\.unit)))
      return RegisterServer(bus: name, address, store: store, time: time, events: events)
    }
  }

  /// Starts the thread. Only the first call counts.
  public func start() {
    stage.withLock { stage in
      guard case .new = stage else { return }
      stage = .running(OwnThread(name: "bus-\(name)") { self.run() })
      serving.withLock { $0 = server?.start() }
    }
  }

  /// Returns at once; the outcome arrives as a report. Commands overtake polls.
  public func submit(_ command: SetpointCommand) {
    switch queue.put(command) {
    case .accepted: wakeup.ring()
    case .full: refuse(command, "bus \(name) has \(Self.queueCapacity) commands waiting already")
    case .stopped: refuse(command, "bus \(name) is stopped")
    }
  }

  /// Asks the thread to end and returns at once. Commands that were submitted before are still written
  /// (for about 3 s), later ones are refused.
  public func stop() {
    queue.stop()
    wakeup.ring()
    server?.stop()
    let wasNeverStarted = stage.withLock { stage in
      guard case .new = stage else { return false }
      stage = .neverStarted
      return true
    }
    guard wasNeverStarted else { return }
    while let command = queue.takeFirst() { refuse(command, "bus \(name) was never started") }
  }

  /// Blocks until the thread has ended: not for the cooperative pool. Only the first call waits.
  public func join() {
    let thread: OwnThread? = stage.withLock { stage in
      guard case .running(let thread) = stage else { return nil }
      stage = .joined
      return thread
    }
    thread?.join()
    let served = serving.withLock { thread in
      defer { thread = nil }
      return thread
    }
    served?.join()
  }

  private func refuse(_ command: SetpointCommand, _ reason: String) {
    reports.accept(WriteReport(command: command, outcome: .refused(reason), at: time.now()))
  }

  /// The handle, the sessions and the schedule are made on the thread that uses them.
  private func run() {
    BusWorker(
      name: name, endpoint, pause: pause, devices: devices, store: server?.store, queue: queue, wakeup: wakeup,
      time: time,
      samples: samples, reports: reports, events: events
    ).run()
  }
}
