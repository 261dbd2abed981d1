import Commissioning
import DeviceProfile
import EnergyModel
import Glibc
import ModbusDevices

/// A command of a device in a person's hand.
struct Hand {
  let talk: DeviceTalk
  let command: CommandDefinition
  let bounds: DeviceBounds

  /// Why nobody can be sure that this is the device that was meant, in words.
  func identityRefusal() -> String? {
    let device = talk.device
    guard device.profile.serial != nil else { return nil }
    do {
      guard let serial = try talk.serial() else { return "\(device.id) reports no serial number" }
      if serial == device.serial { return nil }
      guard let configured = device.serial else {
        return "\(device.id) has no serial number configured; if this is the right one, write\n  serial: \"\(serial)\""
      }
      return "\(device.id) reports serial number \(serial) where \(configured) is configured: it is another device"
    } catch {
      return "the serial number of \(device.id) cannot be read: \(error)"
    }
  }

  /// Writes, and tells what came of it; nil where the device read back what was written.
  func carryOut(
    _ values: [SetpointKind: Double], _ plan: [DeviceTalk.PlannedWrite], isTold: Bool = true
  ) -> String? {
    switch talk.carryOut(values) {
    case .confirmed:
      guard isTold else { return nil }
      print("Written and read back: \(Hand.text(values))")
      for planned in plan where planned.write.readBack != nil {
        let shown = planned.write.readBack?.block.text ?? ""
        print("  \(shown) reads \(talk.registers(of: planned.write)?.hex ?? "nothing")")
      }
      return nil
    case .notTaken(let difference): return "\(talk.device.id) did not take it: \(difference)"
    case .failed(let reason), .refused(let reason): return "\(talk.device.id): \(reason)"
    }
  }

  /// What becomes of a device after it was told something.
  enum Aftermath: Equatable {
    case release([SetpointKind: Double])
    /// It gets there by itself.
    case byItself
    /// Somebody else's command stood in it: it is left to its timer.
    case underCommand
  }

  /// What leaves the device as it was found, before these values are written; throws where that cannot be known.
  func aftermath(of values: [SetpointKind: Double], before: Sample) throws(TalkRefusal) -> Aftermath {
    if let release = bounds.release(command, before: before) { return .release(release) }
    // A battery that regulated itself would rest for ever.
    guard let free = bounds.handBack(command) else { return .byItself }
    guard let wasFree = try wasFree(free, told: values) else { return .byItself }
    return wasFree ? .release(free) : .underCommand
  }

  /// Whether that which alone hands it back, without the timers that go with every command, stands in its registers; nil
  /// where nothing but timers does.
  private func wasFree(
    _ free: [SetpointKind: Double], told values: [SetpointKind: Double]
  ) throws(TalkRefusal) -> Bool? {
    let asked = try talk.plan(values).get().map(\.write)
    let marks = try talk.plan(free).get().filter { mark in
      !asked.contains { $0 == mark.write || $0.isTimer && $0.address == mark.write.address }
    }
    guard !marks.isEmpty else { return nil }
    for mark in marks {
      // The line or a signal may have broken into the first attempt.
      guard let expected = mark.write.readBack, let found = mark.before ?? talk.registers(of: mark.write) else {
        throw TalkRefusal(
          description: "whether it is its own master cannot be read, so that nobody could hand it back: not written")
      }
      if found != expected.registers { return false }
    }
    return true
  }

  /// How long a line that is down is waited for when there is something to release at the end.
  static let patience = Duration.seconds(30)

  /// Sets it free. Nil where that was read back.
  func release(_ values: [SetpointKind: Double]) -> String? {
    Self.release { carryOut(values, [], isTold: false) }.map { "\($0) \(command.expirySentence)" }
  }

  /// With further attempts where the line or a signal broke into one.
  static func release(_ attempt: () -> String?) -> String? {
    var problem: String?
    for _ in 0..<4 {
      problem = attempt()
      if problem == nil { return nil }
    }
    return problem.map { "\($0). It was not released." }
  }

  /// Tries each second, whoever interrupts, until it succeeds or patience is at its end.
  static func patiently(_ succeeds: () -> Bool) {
    let end = ContinuousClock.now + patience
    repeat { usleep(1_000_000) } while !succeeds() && ContinuousClock.now < end
  }

  /// What no longer stands in the registers as these values want it, in words; nil where all does, or where nothing can be
  /// read, unless that is asked for.
  func difference(_ values: [SetpointKind: Double], mustBeRead: Bool = false) -> String? {
    let plan: [DeviceTalk.PlannedWrite]
    switch talk.plan(values) {
    case .success(let writes): plan = writes
    case .failure(let refusal): return mustBeRead ? refusal.description : nil
    }
    for write in plan.map(\.write) {
      guard let expected = write.readBack else { continue }
      guard let found = talk.registers(of: write) else {
        if mustBeRead { return "\(expected.block.text) cannot be read" }
        continue
      }
      if found == expected.registers { continue }
      return "\(expected.block.text) reads \(found.hex) instead of \(expected.registers.hex)"
    }
    return nil
  }

  static func text(_ values: [SetpointKind: Double]) -> String {
    values.sorted { $0.key.rawValue < $1.key.rawValue }.map { $0.key.text($0.value) }.joined(separator: ", ")
  }

  /// `holding 40219…40222: 2710 2710 0000 0000 becomes 0000 0BB8 0000 003C`.
  static func lines(_ plan: [DeviceTalk.PlannedWrite]) -> [String] {
    plan.map { planned in
      let write = planned.write
      let block = ReadBlock(space: write.space, start: write.address, count: write.registers.count)
      let before = planned.before.map(\.hex) ?? "(cannot be read)"
      guard write.readBack?.block.start == write.address || write.readBack == nil else {
        return
          "\(block.text) becomes \(write.registers.hex); \(write.readBack?.block.text ?? "") shows it, now \(before)"
      }
      return "\(block.text): \(before) becomes \(write.registers.hex)"
        + (write.readBack == nil ? " (only its effect shows it)" : "")
    }
  }
}
