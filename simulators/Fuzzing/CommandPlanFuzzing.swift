import DeviceProfile
import EnergyModel

/// What a profile makes of setpoints.
enum CommandPlanFuzzing {
  private static let numbers: [Double] = [
    0, 1, 6, 16, 2, 4, 32, -1, 100, 1000, 5000, -5000, 65_535, 1e6, -1e6, 1e9, 1e308, .infinity, .nan, 0.4, -0.0,
  ]

  static func check(_ resolved: ResolvedProfile, _ bytes: inout FuzzBytes) throws(FuzzFinding) {
    let profile = resolved.profile
    let configured = profile.configured(failsafeCurrent: Double(bytes.byte()) / 4)
    for (mine, other) in zip(profile.commands, configured.commands) {
      try FuzzFinding.require(
        zip(mine.writes, other.writes).allSatisfy { width($0) == width($1) },
        "\(profile.name): \(mine.name) writes other registers once its failsafe current is known")
    }
    let device = ResolvedProfile(configured, map: resolved.map)
    for command in configured.commands {
      try FuzzFinding.require(
        !command.parameters.isEmpty && !command.writes.isEmpty && command.writes.allSatisfy { !$0.values.isEmpty },
        "\(profile.name): \(command.name) asks for nothing")
      try FuzzFinding.require(
        command.reversion.map { (.seconds(2)...(.seconds(65_535))).contains($0) } ?? true,
        "\(profile.name): \(command.name) reverts after \(String(describing: command.reversion))")
      try check(command, device, &bytes)
    }
    if var beat = device.heartbeat(UInt64(bytes.word()))?.write {
      // Nobody reads it back.
      beat.readBack = nil
      try check(beat, configured)
    }
  }

  private static func width(_ write: RegisterWrite) -> Int {
    write.values.reduce(0) { sum, value in
      switch value {
      case .constant, .reversionTime: sum + 1
      case .parameter(_, let field, _, _), .failsafeCurrent(let field): sum + field.type.width
      }
    }
  }

  private static func check(
    _ command: CommandDefinition, _ device: ResolvedProfile, _ bytes: inout FuzzBytes
  ) throws(FuzzFinding) {
    let setpoints = command.parameters.map { kind in
      Setpoint(
        device: "device", kind: kind, value: bytes.choose(numbers) ?? 0, owner: "rule",
        expires: MonotonicInstant(nanoseconds: 0))
    }
    switch Result(catching: { () throws(CommandRefusal) in try device.plan(setpoints) }) {
    case .failure(let refusal): try FuzzFinding.require(!refusal.description.isEmpty, "a refusal without a word")
    case .success(let plan):
      try ProfileFuzzing.checkBlocks(plan.blocks, device.profile)
      let image = image(of: plan, device, &bytes)
      switch Result(catching: { () throws(CommandRefusal) in try plan.encode(setpoints, with: image) }) {
      case .failure(let refusal): try FuzzFinding.require(!refusal.description.isEmpty, "a refusal without a word")
      case .success(let writes):
        for setpoint in setpoints where !setpoint.value.isFinite {
          try FuzzFinding.require(
            !command.writes.contains { $0.only.isEmpty && uses(setpoint.kind, $0) },
            "\(command.name): \(setpoint.kind.rawValue) of \(setpoint.value) is written")
        }
        for write in writes { try check(write, device.profile) }
      }
    }
  }

  /// What stands at the models' beginnings is what is expected there, or nothing would be written.
  private static func image(
    of plan: CommandPlan, _ device: ResolvedProfile, _ bytes: inout FuzzBytes
  ) -> RegisterImage {
    var image = plan.emptyImage()
    for index in image.blocks.indices { image.blocks[index] = .good }
    for index in image.registers.indices { image.registers[index] = bytes.word() }
    for block in plan.blocks {
      for model in device.map?.models ?? [] {
        for (address, value) in [(model.address, model.id), (model.address + 1, model.length)]
        where (block.start..<block.start + block.count).contains(address) {
          image.registers[block.imageOffset + address - block.start] = UInt16(truncatingIfNeeded: value)
        }
      }
      for (address, count) in device.map?.counts ?? [:]
      where (block.start..<block.start + block.count).contains(address) {
        image.registers[block.imageOffset + address - block.start] = UInt16(truncatingIfNeeded: count)
      }
    }
    return image
  }

  private static func uses(_ kind: SetpointKind, _ write: RegisterWrite) -> Bool {
    write.values.contains { if case .parameter(kind, _, _, _) = $0 { true } else { false } }
  }

  /// In the profile's own words: only what one of its commands begins at, as many registers as it names.
  private static func check(_ write: EncodedWrite, _ profile: DeviceProfile) throws(FuzzFinding) {
    try FuzzFinding.require(
      write.space == .holding || write.space == .coil, "\(profile.name): \(write.space.rawValue) is written")
    try FuzzFinding.require(
      write.address >= 0 && write.address + write.registers.count <= 65_536
        && (1...123).contains(write.registers.count),
      "\(profile.name): \(write.registers.count) registers are written at \(write.address)")
    try FuzzFinding.require(
      write.space == .holding || write.registers.allSatisfy { $0 <= 1 }, "\(profile.name): a coil is \(write.registers)"
    )
    for expected in [write.readBack].compactMap(\.self) + write.unless {
      try ProfileFuzzing.checkBlocks([expected.block], profile)
      try FuzzFinding.require(
        expected.block.start >= 0 && expected.block.start + expected.block.count <= 65_536
          && expected.registers.count == expected.block.count,
        "\(profile.name): \(expected.block.count) registers are read back at \(expected.block.start)")
    }
  }
}
