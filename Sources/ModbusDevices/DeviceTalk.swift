public import DeviceProfile
public import EnergyModel
import Synchronization

/// One device of a ``BusTalk``.
public final class DeviceTalk {
  /// What one poll brought.
  public struct Poll: Sendable {
    /// One reading for each point of the profile; nil where nothing was heard of the device.
    public var sample: Sample?
    /// Why there is no sample, or what the device refused.
    public var trouble: String?
    /// Another process holds the serial port.
    public var isPortTaken = false
    /// From the first request to the last answer, with the device's pauses.
    public var duration = Duration.zero
  }

  /// Registers behind a value.
  public struct Origin: Hashable, Sendable {
    public var registers: ReadBlock
    /// Nil where they could not be read.
    public var words: [UInt16]?
  }

  /// A transfer that a command will make.
  public struct PlannedWrite: Hashable, Sendable {
    public var write: EncodedWrite
    /// What stands there now; nil where that cannot be read.
    public var before: [UInt16]?
  }

  public let device: BusDevice
  private let session: DeviceSession
  private let link: ModbusLink
  private let time: any TimeSource
  private let heard: Heard
  private var lastCommand: UInt64 = 0

  init(_ device: BusDevice, link: ModbusLink, connectTimeout: Duration, time: any TimeSource) {
    self.device = device
    self.link = link
    self.time = time
    heard = Heard()
    session = DeviceSession(
      device, link: link, connectTimeout: connectTimeout, time: time, samples: heard, events: heard)
  }

  /// Reads every point, also those that the agent reads seldom.
  public func poll() -> Poll {
    let begin = time.now().monotonic
    var poll = Poll()
    do {
      try session.prepare()
    } catch {
      poll.trouble = error.description
      if case .request(let failure) = error { poll.isPortTaken = failure.reason == .portTaken }
      return poll
    }
    for group in session.groupDue.indices { session.groupDue[group] = begin }
    heard.forget()
    let outcome = session.poll { true }
    poll.duration = time.now().monotonic - begin
    if outcome == .answered { poll.sample = heard.sample }
    poll.trouble = heard.trouble ?? (outcome == .answered ? nil : "no answer")
    return poll
  }

  /// The models of a SunSpec device; nil before the first poll, and of others.
  public var models: SunSpecMap? { session.resolved?.map }

  /// What the last poll read a point from.
  public func origins(of point: Point) -> [Origin] {
    guard let resolved = session.resolved else { return [] }
    return resolved.registers(of: point).map { registers in
      Origin(registers: registers, words: resolved.readPlan.words(at: registers, in: session.image))
    }
  }

  /// The serial number that the device reports now; nil where its profile knows no register for one, or that is empty.
  public func serial() throws(TalkRefusal) -> String? {
    guard let field = device.profile.serial else { return nil }
    do {
      try session.prepare()
      var registers: [UInt16] = []
      for block in session.resolved?.serialBlocks ?? [] {
        do throws(ModbusFailure) { registers += try session.read(block) } catch { throw SessionFailure.request(error) }
      }
      return field.text(in: registers)
    } catch {
      throw TalkRefusal(description: "\(error)")
    }
  }

  /// The transfers of a command, and what they would change. Nothing is written.
  public func plan(_ values: [SetpointKind: Double]) -> Result<[PlannedWrite], TalkRefusal> {
    do {
      switch try session.encode(command(values)) {
      case .refused(.failed(let reason)), .refused(.notTaken(let reason)), .refused(.refused(let reason)):
        return .failure(TalkRefusal(description: reason))
      case .refused(.confirmed): return .success([])
      case .writes(let writes):
        return .success(writes.map { PlannedWrite(write: $0, before: registers(of: $0)) })
      }
    } catch {
      return .failure(TalkRefusal(description: error.description))
    }
  }

  /// Writes a command as the agent would, pauses included, and reads it back.
  public func carryOut(_ values: [SetpointKind: Double]) -> WriteReport.Outcome {
    var progress = session.write(command(values))
    while progress.reports.isEmpty, let due = session.waitingJob?.due {
      link.sleep(until: due)
      progress = session.resumeWriting()
    }
    return progress.reports.last?.outcome ?? .failed("the command was lost")
  }

  /// What a transfer would write to reads now, or what shows it.
  public func registers(of write: EncodedWrite) -> [UInt16]? {
    let written = ReadBlock(space: write.space, start: write.address, count: write.registers.count)
    return try? session.read(write.readBack?.block ?? written)
  }

  /// A person's command does not wait for an hour: it expires soon.
  private func command(_ values: [SetpointKind: Double]) -> SetpointCommand {
    lastCommand += 1
    let expires = time.now().monotonic + .seconds(60)
    return SetpointCommand(
      id: lastCommand, device: device.id,
      setpoints: values.sorted { $0.key.rawValue < $1.key.rawValue }.map {
        Setpoint(device: device.id, kind: $0.key, value: $0.value, owner: "installer", expires: expires)
      })
  }
}

/// Why a device cannot be asked something, in words.
public struct TalkRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  public let description: String

  public init(description: String) { self.description = description }
}

/// The last that a session said.
private final class Heard: SampleSink, EventSink {
  private let state = Mutex<(sample: Sample?, trouble: String?)>((nil, nil))

  var sample: Sample? { state.withLock { $0.sample } }
  var trouble: String? { state.withLock { $0.trouble } }

  func accept(_ sample: Sample) { state.withLock { $0.sample = sample } }

  func post(_ event: Event) {
    guard event.severity != .info else { return }
    state.withLock { $0.trouble = event.text }
  }

  func forget() { state.withLock { $0 = (nil, nil) } }
}
