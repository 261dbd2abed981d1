public import EnergyDispatch
public import EnergyModel
import Glibc
public import ServiceLifecycle
import Synchronization
import Threads

/// Looks each second for what the owner left in the state folder (see ``OwnersWord``), away from the control thread: that gets
/// the latest from memory.
public final class OverrideFile: Service {
  private struct State {
    var text: String?
    /// Why there is a file and no text.
    var fault: String?
    /// Its end was reckoned by a clock that nobody vouched for.
    var isDoubtful = false
    var order: StandingOrders.Order<StandingOrders.Override>?
  }

  /// A line is much shorter.
  private static let mostBytes = 512

  private let path: String
  private let time: any TimeSource
  private let events: any EventSink
  private let state = Mutex(State())

  public init(folder: String, time: any TimeSource, events: any EventSink) {
    path = folder + "/" + OwnersWord.fileName
    self.time = time
    self.events = events
    // What held before a restart holds from the first cycle on.
    look()
  }

  /// What holds; nil where the owner asks for nothing.
  public func order(at now: Moment) -> StandingOrders.Order<StandingOrders.Override>? {
    state.withLock { $0.order }.flatMap { $0.holds(at: now.monotonic) ? $0 : nil }
  }

  public func run() async throws {
    let watch = Watch()
    await cancelWhenGracefulShutdown {
      await withTaskCancellationHandler {
        await watch.look(at: self)
      } onCancel: {
        watch.executor.wake()
      }
    }
  }

  /// Reads on a thread of its own: a disk that hangs holds up nobody else.
  private actor Watch {
    nonisolated let executor = ThreadExecutor(name: "hf-override")
    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    func look(at file: OverrideFile) async {
      while !Task.isCancelled {
        file.look()
        await executor.sleep(until: .current + .seconds(1))
      }
    }
  }

  func look() {
    let (text, fault) = read()
    let now = time.now()
    let event = state.withLock { state -> Event? in
      let isNew = text != state.text || fault != state.fault
      guard isNew || state.isDoubtful && now.isClockTrusted else { return nil }
      (state.text, state.fault) = (text, fault)
      let word = text.flatMap { OwnersWord(text: $0) }
      state.order = word?.order(seen: now)
      state.isDoubtful = word?.until != nil && !now.isClockTrusted
      guard isNew, text != nil || fault != nil, word == nil else { return nil }
      return Event(
        at: now, name: "override-unreadable", severity: .warning,
        text: fault.map { "\(path) cannot be read: \($0)" } ?? "\(path) says nothing that can be understood")
    }
    if let event { events.post(event) }
  }

  private func read() -> (text: String?, fault: String?) {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard file >= 0 else { return (nil, errno == ENOENT ? nil : String(cString: strerror(errno))) }
    defer { close(file) }
    let bytes = [UInt8](unsafeUninitializedCapacity: Self.mostBytes) { buffer, count in
      count = max(0, Glibc.read(file, buffer.baseAddress, buffer.count))
    }
    return (bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self), nil)
  }
}
