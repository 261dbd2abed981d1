import DeviceProfile
import EnergyModel

/// A command on its way to a device, between whose writes the device may want pauses. Later commands that ask for
/// the same join it, so that repeating one does not begin it anew.
struct WriteJob {
  var commands: [SetpointCommand]
  private(set) var writes: [EncodedWrite]
  /// Of the layout that the writes were encoded for.
  let adoption: Int
  /// The next write.
  var next = 0
  /// What was written so far and is to be read back.
  var written: [Int] = []
  /// Until then the device wants no further write.
  var due: MonotonicInstant?

  init(_ command: SetpointCommand, _ writes: [EncodedWrite], _ adoption: Int) {
    commands = [command]
    self.writes = writes
    self.adoption = adoption
  }

  mutating func restart() {
    next = 0
    written = []
  }

  /// Takes the place of a command that waits. What that one was about to write and this one wants as well comes first:
  /// a stream of changing commands must not put off its end for ever.
  mutating func takePlace(of waiting: WriteJob) {
    guard waiting.next < waiting.writes.count, let index = writes.firstIndex(of: waiting.writes[waiting.next]) else {
      return
    }
    writes.insert(writes.remove(at: index), at: 0)
  }

  /// Whether a command asks for the same quantities.
  func isReplaced(by command: SetpointCommand) -> Bool {
    commands.last.map { Set($0.setpoints.map(\.kind)) == Set(command.setpoints.map(\.kind)) } ?? false
  }

  /// The newest command lives longest, and they all ask for the same.
  func expiry(at now: MonotonicInstant) -> WriteReport.Outcome? {
    commands.last.flatMap { Self.expiry(of: $0, at: now) }
  }

  /// A lease that has run out is not written, nor is a command with such a part.
  static func expiry(of command: SetpointCommand, at now: MonotonicInstant) -> WriteReport.Outcome? {
    guard let expired = command.setpoints.first(where: { $0.expires <= now }) else { return nil }
    let age = (now - expired.expires).milliseconds
    return .refused("expired \(age) ms ago: \(expired.kind.rawValue) of \(expired.owner)")
  }
}

/// What came of a step: reports that are due, and the failure where the device or the link was not heard.
struct WriteProgress {
  var reports: [(command: SetpointCommand, outcome: WriteReport.Outcome)] = []
  var silence: SessionFailure?

  mutating func report(_ commands: [SetpointCommand], _ outcome: WriteReport.Outcome) {
    reports += commands.map { ($0, outcome) }
  }
}
