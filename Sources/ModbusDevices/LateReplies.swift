import DeviceProfile
import EnergyModel

/// Which answers of a device may still be under way. On a serial line, and behind gateways that put a late answer under
/// the newest transaction, one of them would pass for the answer to a later question of the same shape, with wrong values
/// and no error. So after a missed answer the device is first asked something of another shape: devices answer in
/// order, and whatever it was about to say has been said, or is lost, once that is answered.
struct LateReplies: Hashable, Sendable {
  /// No answer is later than that.
  static let memory = Duration.seconds(60)

  /// All that libmodbus can tell answers apart by.
  private struct Shape: Hashable, Sendable {
    var function: UInt8
    var bytes: Int

    init(_ block: ReadBlock) {
      function = block.space.readFunction
      bytes = block.answerBytes
    }
  }

  /// Each until when.
  private var missing: [Shape: MonotonicInstant] = [:]

  mutating func missed(_ block: ReadBlock, at now: MonotonicInstant) {
    missing = missing.filter { now < $0.value }
    missing[Shape(block)] = now + Self.memory
  }

  /// The device answered a question that no missed one can be mistaken for.
  mutating func settled() { self = LateReplies() }

  func isSuspect(at now: MonotonicInstant) -> Bool { !missing.isEmpty && missing.values.contains { now < $0 } }

  /// The question to ask first, nil where none is needed.
  func question(near block: ReadBlock, at now: MonotonicInstant) -> ReadBlock? {
    isSuspect(at: now) ? question(near: block, limit: max(2, block.count)) : nil
  }

  /// The question to ask first: near a block, but shaped like none of the missed ones. Nil where there is no such
  /// shape, which takes more misses within a minute than there are lengths.
  /// - Parameter limit: registers that the device lets read at once.
  func question(near block: ReadBlock, limit: Int) -> ReadBlock? {
    let step = block.space.isBits ? 8 : 1
    let most = block.space.isBits ? 2000 : max(limit, 1)
    let room = 65_536 - block.start
    for distance in stride(from: step, through: most, by: step) {
      // Fewer first: those are known to be there.
      for count in [block.count - distance, block.count + distance] where (1...min(most, room)).contains(count) {
        let other = ReadBlock(space: block.space, start: block.start, count: count)
        if missing[Shape(other)] == nil { return other }
      }
    }
    return nil
  }
}
