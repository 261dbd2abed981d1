import DeviceProfile
import EnergyModel

extension DeviceSession {
  /// Begins a command. It is reported once it was written and read back; where the device wants a pause before,
  /// it waits as ``waitingJob`` for ``resumeWriting()``.
  func write(_ command: SetpointCommand) -> WriteProgress {
    var progress = WriteProgress()
    guard device.mayWrite else {
      progress.report([command], .refused("\(device.id) is only read"))
      return progress
    }
    if let expired = WriteJob.expiry(of: command, at: time.now().monotonic) {
      progress.report([command], expired)
      return progress
    }
    attempt([command], &progress) { progress throws(SessionFailure) in
      switch try encode(command) {
      case .refused(let outcome): return outcome
      case .writes(let writes): return try begin(command, writes, &progress)
      }
    }
    return progress
  }

  /// Goes on with the command that waited for the device.
  func resumeWriting() -> WriteProgress {
    var progress = WriteProgress()
    guard var job = waitingJob else { return progress }
    waitingJob = nil
    var isFirst = true
    attempt(job.commands, &progress) { _ throws(SessionFailure) in
      if let refusal = try refusal() { return .refused(refusal) }
      guard job.adoption == adoption else { return .failed("its registers moved before it was written") }
      if !isFirst { job.restart() }
      isFirst = false
      return try carryOut(&job)
    }
    return progress
  }

  /// Ends the wait of a command that will not be written.
  func abandonWriting(_ outcome: WriteReport.Outcome) -> WriteProgress {
    var progress = WriteProgress()
    progress.report(waitingJob?.commands ?? [], outcome)
    waitingJob = nil
    return progress
  }

  /// Carries a step out, once more where the peer had closed the connection: the same registers again do no
  /// harm, because a setpoint is a state. Nil of a step means that the command waits.
  private func attempt(
    _ commands: [SetpointCommand], _ progress: inout WriteProgress,
    _ step: (inout WriteProgress) throws(SessionFailure) -> WriteReport.Outcome?
  ) {
    var hasRetried = false
    while true {
      do {
        if let outcome = try step(&progress) {
          if outcome == .confirmed, let command = commands.last { took(command) }
          progress.report(commands, outcome)
        }
        return
      } catch {
        if error.isBrokenConnection && !hasRetried {
          hasRetried = true
          continue
        }
        progress.report(commands, .failed(error.description))
        if case .request(let failure) = error, failure.isSilence { progress.silence = error }
        return
      }
    }
  }

  enum Encoded {
    case writes([EncodedWrite])
    case refused(WriteReport.Outcome)
  }

  /// Why nothing may be written to what answers now; behind a new connection it may be another device.
  private func refusal() throws(SessionFailure) -> String? {
    try prepare()
    if let failure = checkIdentity(), failure.isSilence { throw .request(failure) }
    return identity.refusal
  }

  func encode(_ command: SetpointCommand) throws(SessionFailure) -> Encoded {
    if let refusal = try refusal() { return .refused(.refused(refusal)) }
    guard let resolved else { return .refused(.failed("the device's registers are not known yet")) }
    do {
      let plan = try resolved.plan(command.setpoints)
      return .writes(try plan.encode(command.setpoints, with: try references(of: plan)))
    } catch let refusal as CommandRefusal {
      return .refused(.refused(refusal.description))
    } catch let failure as ModbusFailure {
      throw .request(failure)
    } catch {
      return .refused(.failed("\(error)"))
    }
  }

  /// A command that waits gives way to a newer one for the same quantities.
  private func begin(
    _ command: SetpointCommand, _ writes: [EncodedWrite], _ progress: inout WriteProgress
  ) throws(SessionFailure) -> WriteReport.Outcome? {
    var job = WriteJob(command, writes, adoption)
    if var waiting = waitingJob {
      guard waiting.isReplaced(by: command) else { return .failed("another command waits for its turn") }
      if Set(waiting.writes) == Set(writes) {
        waiting.commands.append(command)
        waitingJob = waiting
        return nil
      }
      waitingJob = nil
      job.takePlace(of: waiting)
      progress.report(waiting.commands, .failed("a newer command took its place"))
    }
    return try carryOut(&job)
  }

  private func carryOut(_ job: inout WriteJob) throws(SessionFailure) -> WriteReport.Outcome? {
    do {
      while job.next < job.writes.count {
        let write = job.writes[job.next]
        if try !isNeedless(write) {
          let now = time.now().monotonic
          // Discovery and look-ups took their time.
          if let expired = job.expiry(at: now) { return expired }
          if let lastWrite, now - lastWrite < rules.writePause {
            job.due = lastWrite + rules.writePause
            waitingJob = job
            return nil
          }
          link.rest(rules.pause, unit: device.unit)
          lastWrite = time.now().monotonic
          try link.write(write, unit: device.unit, timeout: rules.timeout)
          if write.isKept || write.isTimer || write.every != nil, let expected = write.readBack {
            // A value to fall back to, or a timer, that did not arrive is none: nothing that relies on it is written, and
            // it is not taken for done.
            if let difference = Self.difference(expected, try read(expected.block)) { return .notTaken(difference) }
          } else {
            job.written.append(job.next)
          }
          if write.every != nil { repeated[write] = lastWrite }
        }
        job.next += 1
      }
      for index in job.written {
        guard let expected = job.writes[index].readBack else { continue }
        if let difference = Self.difference(expected, try read(expected.block)) { return .notTaken(difference) }
      }
    } catch {
      throw .request(error)
    }
    return .confirmed
  }

  private func isNeedless(_ write: EncodedWrite) throws(ModbusFailure) -> Bool {
    if write.isKept, let expected = write.readBack, try read(expected.block) == expected.registers { return true }
    if let every = write.every, let last = repeated[write], time.now().monotonic - last < every { return true }
    guard let block = write.unless.first?.block else { return false }
    let found = try read(block)
    return write.unless.contains { $0.registers == found }
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

  private static func difference(_ expected: EncodedWrite.Expectation, _ found: [UInt16]) -> String? {
    for (index, pair) in zip(expected.registers, found).enumerated() where pair.0 != pair.1 {
      let block = expected.block
      return "\(block.space.rawValue) \(block.start + index) reads back \(pair.1) instead of \(pair.0)"
    }
    return nil
  }
}
