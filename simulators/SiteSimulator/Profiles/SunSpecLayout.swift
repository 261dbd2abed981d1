import DeviceProfile

/// Lays the SunSpec models that a profile uses into one chain. Lengths by the SunSpec model definitions
/// (github.com/sunspec/models, commit 7abdf898); a model that is not among them is as long as the profile uses it.
enum SunSpecLayout {
  private struct Model {
    /// L without what repeats.
    var fixed: Int
    /// Registers of one repetition, and the offset of the register that tells their number.
    var group = 0
    var countAt = 0
  }

  private static let models: [Int: Model] = {
    var models: [Int: Model] = [
      1: Model(fixed: 66), 120: Model(fixed: 26), 121: Model(fixed: 30), 122: Model(fixed: 44), 123: Model(fixed: 24),
      124: Model(fixed: 24), 160: Model(fixed: 8, group: 20, countAt: 8), 701: Model(fixed: 153),
      702: Model(fixed: 50), 703: Model(fixed: 17), 704: Model(fixed: 65), 713: Model(fixed: 7),
      714: Model(fixed: 18, group: 25, countAt: 4), 715: Model(fixed: 7), 802: Model(fixed: 62),
      803: Model(fixed: 26, group: 32, countAt: 2), 804: Model(fixed: 46, group: 16, countAt: 3),
    ]
    for id in 101...103 { models[id] = Model(fixed: 50) }
    for id in 111...113 { models[id] = Model(fixed: 60) }
    for id in 201...204 { models[id] = Model(fixed: 105) }
    for id in 211...214 { models[id] = Model(fixed: 124) }
    return models
  }()

  /// - Parameter highest: for each model that the profile uses, the highest offset.
  static func map(_ highest: [Int: Int], base: Int) -> SunSpecMap {
    var address = base + 2
    var highest = highest
    // The common model comes first, used or not.
    highest[1] = highest[1] ?? 2
    let models = highest.sorted { $0.key < $1.key }.map { id, highest in
      let model = SunSpecModel(id: id, address: address, length: length(id, highest: highest))
      address += 2 + model.length
      return model
    }
    return SunSpecMap(base: base, models: models)
  }

  private static func length(_ id: Int, highest: Int) -> Int {
    guard let model = models[id] else { return highest - 1 }
    guard model.group > 0 else { return model.fixed }
    return model.fixed + repetitions(model, length: highest - 1) * model.group
  }

  private static func repetitions(_ model: Model, length: Int) -> Int {
    max(0, (length - model.fixed + model.group - 1) / model.group)
  }

  /// Marker, heads and end block; what is in the models is not implemented until somebody says otherwise.
  static func lay(_ map: SunSpecMap, identity: InverterIdentity, into cells: inout RegisterCells) {
    let place = { (address: Int) in CellPlace(space: .holding, address: address) }
    cells.set([0x5375, 0x6E53], at: place(map.base))
    for model in map.models {
      cells.set([UInt16(model.id), UInt16(model.length)], at: place(model.address))
      cells.declare(place(model.address + 2), model.length, as: 0xFFFF)
      if let known = models[model.id], known.group > 0 {
        let number = repetitions(known, length: model.length)
        cells.set([UInt16(number)], at: place(model.address + known.countAt))
      }
    }
    let end = map.models.last.map { $0.address + 2 + $0.length } ?? map.base + 2
    cells.set([0xFFFF, 0], at: place(end))
    var common = RegisterWriter(capacity: 66)
    for (text, length) in [(identity.maker, 16), (identity.model, 16), ("", 8), (identity.version, 8)] {
      common.text(text, registers: length)
    }
    common.text(identity.serial, registers: 16)
    common.raw(1, 0x8000)
    cells.set(common.registers, at: place(map.base + 4))
  }
}
