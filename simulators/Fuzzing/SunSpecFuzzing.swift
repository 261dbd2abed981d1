import DeviceProfile
import EnergyModel

/// The walk along the models of a SunSpec device, and what is decoded from them.
enum SunSpecFuzzing {
  /// A walk asks for the marker at three bases, for ID and L of each model, and for what counts repetitions; each silence lets
  /// it begin anew, and an address is given up after three.
  static let mostQuestions = 4 * (SunSpecDiscovery.maximumModels * 8 + 16)

  private enum Fate { case answered, refused, silent }

  /// The profile, the base, how often the device is silent or refuses, then the registers from the marker on.
  static func feed(_ bytes: [UInt8], _ profiles: [DeviceProfile]) throws(FuzzFinding) {
    var bytes = FuzzBytes(bytes)
    guard let profile = bytes.choose(profiles), let base = bytes.choose(SunSpecDiscovery.bases) else { return }
    var fates = FuzzBytes((0..<8).map { _ in bytes.byte() })
    var registers: [Int: UInt16] = [base: 0x5375, base + 1: 0x6E53]
    var address = base + 2
    while !bytes.isEmpty, address < 65536 {
      registers[address] = bytes.word()
      address += 1
    }
    var discovery = SunSpecDiscovery(counting: profile.countedRepetitions)
    for _ in 0..<mostQuestions {
      switch discovery.action {
      case .read(let address, let count):
        try FuzzFinding.require(
          address >= 0 && (1...2).contains(count) && address + count <= 65536,
          "\(count) registers are asked for at \(address)")
        switch fate(&fates) {
        case .silent: discovery.timedOut()
        case .refused: discovery.refused()
        case .answered: discovery.received((address..<address + count).map { registers[$0] ?? 0xFFFF })
        }
      case .found(let map): return try check(map, base, profile, registers)
      case .failed(let failure):
        return try FuzzFinding.require(!failure.description.isEmpty, "a failure without a word")
      }
    }
    throw FuzzFinding("the walk does not end")
  }

  private static func fate(_ fates: inout FuzzBytes) -> Fate {
    switch fates.byte() {
    case 1: .silent
    case 2: .refused
    default: .answered
    }
  }

  private static func check(
    _ map: SunSpecMap, _ base: Int, _ profile: DeviceProfile, _ registers: [Int: UInt16]
  ) throws(FuzzFinding) {
    var end = map.base + 2
    for model in map.models {
      try FuzzFinding.require(model.address == end && model.length > 0, "model \(model.id) is at \(model.address)")
      end = model.address + 2 + model.length
    }
    try FuzzFinding.require(end <= 65536, "the models end at \(end)")
    let resolved = ResolvedProfile(profile, map: map)
    let plan = resolved.readPlan
    var image = plan.emptyImage()
    for (index, block) in plan.blocks.enumerated() {
      let inside = block.start >= 0 && block.start + block.count <= 65536
      try FuzzFinding.require(inside && (1...125).contains(block.count), "a block of \(block.count) at \(block.start)")
      image.blocks[index] = .good
      for offset in 0..<block.count {
        image.registers[block.imageOffset + offset] = registers[block.start + offset] ?? 0xFFFF
      }
    }
    _ = plan.movedModel(in: image)
    try RegisterFuzzing.check(resolved, image)
  }
}
