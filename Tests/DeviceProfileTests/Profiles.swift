import DeviceProfile
import EnergyModel

/// Small profiles for the tests, with the shapes of real devices.
enum Profiles {
  static func plain(_ points: [PointDefinition], rules: ReadingRules = ReadingRules()) -> DeviceProfile {
    DeviceProfile(name: "test", title: "Test", source: "none", confidence: .single, reading: rules, points: points)
  }

  static func input(_ address: Int, _ type: RegisterType = .float32) -> RegisterField {
    RegisterField(address: .absolute(.input, address), type: type)
  }

  static func holding(
    _ address: Int, _ type: RegisterType, order: WordOrder = .highFirst, scale: Scale = .literal(1),
    notImplemented: Set<UInt64> = []
  ) -> RegisterField {
    RegisterField(
      address: .absolute(.holding, address), type: type, order: order, scale: scale, notImplemented: notImplemented)
  }

  static func sunSpec(
    _ model: Int, _ offset: Int, _ type: RegisterType, factor: Int? = nil, times: Double = 1
  ) -> RegisterField {
    let scale: Scale = factor.map { .factor(.sunSpec(model: model, offset: $0), times: times) } ?? .literal(times)
    return RegisterField(address: .sunSpec(model: model, offset: offset), type: type, scale: scale)
  }

  static func sunSpec(_ points: [PointDefinition], commands: [CommandDefinition] = []) -> DeviceProfile {
    DeviceProfile(
      name: "test", title: "Test", source: "SunSpec", confidence: .single, isSunSpec: true, points: points,
      commands: commands)
  }

  /// Models 1, 103, 124 and 160 as a GEN24 lays them out, common model of 65 registers.
  static let map = SunSpecMap(
    base: 40000,
    models: [
      SunSpecModel(id: 1, address: 40002, length: 65), SunSpecModel(id: 103, address: 40069, length: 50),
      SunSpecModel(id: 160, address: 40253, length: 48), SunSpecModel(id: 124, address: 40343, length: 24),
    ])

  /// Storage command of model 124: StorCtl_Mod, then OutWRte and InWRte as percent of WChaMax.
  static let storage = CommandDefinition(
    name: "battery", parameters: [.chargeLimit, .dischargeLimit], onExpiry: .open, reversion: .seconds(60),
    writes: [
      RegisterWrite(start: .sunSpec(model: 124, offset: 5), values: [.constant(3)]),
      RegisterWrite(
        start: .sunSpec(model: 124, offset: 12),
        values: [
          .parameter(
            .dischargeLimit, field: sunSpec(124, 12, .int16, factor: 25),
            percentOf: sunSpec(124, 2, .uint16, factor: 18)),
          .parameter(
            .chargeLimit, field: sunSpec(124, 13, .int16, factor: 25), percentOf: sunSpec(124, 2, .uint16, factor: 18)),
        ]),
      RegisterWrite(start: .sunSpec(model: 124, offset: 15), values: [.reversionTime]),
    ])

  static func hybrid(_ points: [PointDefinition] = [], commands: [CommandDefinition] = [storage]) -> ResolvedProfile {
    ResolvedProfile(
      DeviceProfile(
        name: "hybrid", title: "Hybrid", source: "SunSpec", confidence: .vendor, isSunSpec: true, points: points,
        serial: TextField(address: .sunSpec(model: 1, offset: 50), length: 16), commands: commands), map: map)
  }
}

extension ReadPlan {
  /// An image in which the registers at absolute addresses have these values and all else is zero.
  func image(_ values: [Int: UInt16]) -> RegisterImage {
    var image = emptyImage()
    for (index, block) in blocks.enumerated() {
      image.blocks[index] = .good
      for offset in 0..<block.count { image.registers[block.imageOffset + offset] = values[block.start + offset] ?? 0 }
    }
    return image
  }
}

extension SunSpecMap {
  /// ID and L of all models, as they stand on the device.
  var headers: [Int: UInt16] {
    var registers: [Int: UInt16] = [:]
    for model in models {
      registers[model.address] = UInt16(model.id)
      registers[model.address + 1] = UInt16(model.length)
    }
    return registers
  }
}

extension CommandPlan {
  func image(_ values: [Int: UInt16]) -> RegisterImage {
    let values = Profiles.map.headers.merging(values) { $1 }
    var image = emptyImage()
    for (index, block) in blocks.enumerated() {
      image.blocks[index] = .good
      for offset in 0..<block.count { image.registers[block.imageOffset + offset] = values[block.start + offset] ?? 0 }
    }
    return image
  }
}
