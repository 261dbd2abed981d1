/// A counter that a device wants to see running while somebody controls it.
public struct Heartbeat: Hashable, Sendable {
  /// Whole and unsigned; nothing is scaled.
  public var field: RegisterField
  /// How often it is written, at the most with every poll.
  public var every: Duration

  public init(_ field: RegisterField, every: Duration) {
    self.field = field
    self.every = every
  }
}

extension ResolvedProfile {
  /// One beat, and the model that it is written into, which has to stand where it was found. Nil where the device has no
  /// such register.
  public func heartbeat(_ count: UInt64) -> (write: EncodedWrite, model: SunSpecModel?)? {
    guard let heartbeat = profile.heartbeat,
      let span = locator.locate(heartbeat.field.address, count: heartbeat.field.type.width)
    else { return nil }
    let words = heartbeat.field.order.registers(count, width: span.count)
    let write = EncodedWrite(space: span.space, address: span.start, registers: words)
    return (write, map?.models.first { $0.address == span.model })
  }
}
