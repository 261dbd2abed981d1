import DeviceProfile
import EnergyModel

extension DeviceSession {
  /// Writes a command and reads it back.
  /// - Returns: the outcome for the report, and the failure where the device or the link was not heard.
  func write(_ command: SetpointCommand) -> (outcome: WriteReport.Outcome, silence: SessionFailure?) {
    guard device.mayWrite else { return (.refused("\(device.id) is only read"), nil) }
    if let expired = expiry(of: command) { return (expired, nil) }
    var hasRetried = false
    while true {
      do {
        return (try carryOut(command), nil)
      } catch {
        // The same registers once more do no harm: a setpoint is a state.
        if error.isBrokenConnection && !hasRetried {
          hasRetried = true
          continue
        }
        guard case .request(let failure) = error, !failure.isSilence else {
          return (.failed(error.description), nil)
        }
        return (.failed(error.description), error)
      }
    }
  }

  private func carryOut(_ command: SetpointCommand) throws(SessionFailure) -> WriteReport.Outcome {
    try prepare()
    if let failure = checkIdentity(), failure.isSilence { throw .request(failure) }
    if let refusal = identity.refusal { return .refused(refusal) }
    guard let resolved else { return .failed("the device's registers are not known yet") }
    let writes: [EncodedWrite]
    do {
      let plan = try resolved.plan(command.setpoints)
      writes = try plan.encode(command.setpoints, with: try references(of: plan))
    } catch let refusal as CommandRefusal {
      return .refused(refusal.description)
    } catch let failure as ModbusFailure {
      throw .request(failure)
    } catch {
      return .failed("\(error)")
    }
    // Discovery and look-ups took their time.
    if let expired = expiry(of: command) { return expired }
    do {
      for write in writes {
        link.rest(rules.pause)
        try link.write(write, unit: device.unit, timeout: rules.timeout)
      }
      for write in writes {
        let found = try read(ReadBlock(space: write.space, start: write.address, count: write.registers.count))
        if let difference = Self.difference(write, found) { return .notTaken(difference) }
      }
    } catch {
      throw .request(error)
    }
    return .confirmed
  }

  private func references(of plan: CommandPlan) throws(ModbusFailure) -> RegisterImage {
    var image = plan.emptyImage()
    for index in plan.blocks.indices {
      do {
        try read(plan.blocks[index], into: &image.registers)
        image.blocks[index] = .good
      } catch {
        if error.isSilence { throw error }
        image.blocks[index] = .exception
      }
    }
    return image
  }

  /// A lease that has run out is not written, nor is a command with such a part.
  private func expiry(of command: SetpointCommand) -> WriteReport.Outcome? {
    let now = time.now().monotonic
    guard let expired = command.setpoints.first(where: { $0.expires <= now }) else { return nil }
    let age = (now - expired.expires).milliseconds
    return .refused("expired \(age) ms ago: \(expired.kind.rawValue) of \(expired.owner)")
  }

  private static func difference(_ write: EncodedWrite, _ found: [UInt16]) -> String? {
    for (index, pair) in zip(write.registers, found).enumerated() where pair.0 != pair.1 {
      return "\(write.space.rawValue) \(write.address + index) reads back \(pair.1) instead of \(pair.0)"
    }
    return nil
  }
}
