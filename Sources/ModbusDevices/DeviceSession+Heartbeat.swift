import DeviceProfile
import EnergyModel

/// What follows from how long a setpoint is wanted. That control lives shows in its leases, not in polls that go on by
/// themselves.
extension DeviceSession {
  func took(_ command: SetpointCommand) {
    guard let end = command.setpoints.map(\.expires).max() else { return }
    wantedUntil = end
    let asked = Set(command.setpoints.map(\.kind))
    let definition = device.profile.commands.first { Set($0.parameters) == asked }
    guard let definition, definition.isResetByReading, let reversion = definition.reversion else { return }
    // A tenth more, for a clock that goes slowly.
    fallBack = end..<end + reversion + reversion / 10
  }

  /// A device whose timer is kept going by polls is not polled once nobody wants any more what it was told.
  func isLeftToFallBack(at now: MonotonicInstant) -> Bool { fallBack?.contains(now) ?? false }

  /// Shows the device that it is controlled, while what was asked for is wanted: it counts the seconds.
  func beat() {
    let now = time.now().monotonic
    guard let every = device.profile.heartbeat?.every, device.mayWrite, identity.refusal == nil,
      let wantedUntil, now < wantedUntil, waitingJob == nil
    else { return }
    // Polls come a little early or late.
    if let lastBeat, now - lastBeat < every - device.period / 2 { return }
    guard let (write, model) = resolved?.heartbeat(UInt64(clamping: now.nanoseconds / 1_000_000_000)) else { return }
    lastBeat = now
    do {
      if let model {
        let head = try read(ReadBlock(space: .holding, start: model.address, count: 2))
        guard head.map(Int.init) == [model.id, model.length] else { return modelsMoved() }
      }
      link.rest(rules.pause, unit: device.unit)
      try link.write(write, unit: device.unit, timeout: rules.timeout)
    } catch {
      // The next poll finds out what is the matter; a device that wants no heartbeat refuses it.
    }
  }
}
