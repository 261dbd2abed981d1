import DeviceProfile

/// Lays the SunSpec models that a profile uses into one chain. Lengths by the SunSpec model definitions
/// (github.com/sunspec/models, commit 7abdf898); a model that is not among them is as long as the profile uses it.
struct SunSpecLayout {
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

  /// What the profile uses of each model.
  private struct Use {
    var highest = 2
    var instances = 1
    /// What the registers say that count repetitions, by their offsets.
    var counts: [Int: Int] = [:]
  }

  private var used: [Int: Use] = [1: Use()]

  /// Where a profile speaks of each repetition, there are so many; of each model, there is one.
  private static let repetitions = 4

  /// Of models that are alike, the device has the first.
  init(_ profile: DeviceProfile) {
    let places = Self.places(profile)
    for (address, _) in places {
      var use = used[address.models[0]] ?? Use()
      use.instances = max(use.instances, address.instance ?? 1)
      for group in address.groups {
        for offset in [group.start.count, group.size.count].compactMap({ $0 }) {
          use.counts[offset] = max(use.counts[offset] ?? 0, 1)
        }
        if let offset = group.count {
          use.counts[offset] = max(use.counts[offset] ?? 0, group.repetition ?? Self.repetitions)
        }
      }
      used[address.models[0]] = use
    }
    for (address, width) in places {
      let counts = used[address.models[0]]?.counts ?? [:]
      let begin = Self.begin(address) { counts[$0] ?? 1 }
      let end = begin + address.offset + width - 1
      let highest = used[address.models[0]]?.highest ?? 0
      used[address.models[0]]?.highest = max(highest, end)
    }
  }

  /// Of the innermost repetition, from the model's ID register; the last one where each is meant.
  private static func begin(_ address: SunSpecAddress, number: (_ offset: Int) -> Int) -> Int {
    func registers(_ extent: SunSpecGroup.Extent) -> Int {
      extent.fixed + extent.each * (extent.count.map(number) ?? 0)
    }
    return address.groups.reduce(0) { begin, group in
      let repetition = group.repetition ?? group.count.map(number) ?? repetitions
      return begin + registers(group.start) + (repetition - 1) * registers(group.size)
    }
  }

  /// Where a register is; nil where the device has no such model.
  static func place(_ address: SunSpecAddress, in map: SunSpecMap) -> CellPlace? {
    let models = map.models.filter { address.models.contains($0.id) }
    let index = (address.instance ?? 1) - 1
    guard models.indices.contains(index) else { return nil }
    let model = models[index]
    let begin = begin(address) { map.counts[model.address + $0] ?? 1 }
    return CellPlace(space: .holding, address: model.address + begin + address.offset)
  }

  /// Every register that the profile names, with its width.
  private static func places(_ profile: DeviceProfile) -> [(SunSpecAddress, Int)] {
    var places: [(SunSpecAddress, Int)] = []
    func use(_ address: RegisterAddress, _ width: Int) {
      if case .sunSpec(let address) = address { places.append((address, width)) }
    }
    func use(_ scale: Scale) { if case .factor(let address, _) = scale { use(address, 1) } }
    let writes = profile.commands.flatMap(\.writes)
    for field in profile.points.flatMap(\.terms).flatMap(\.allFields) + writes.flatMap(\.readFields) {
      use(field.address, field.type.width)
      use(field.scale)
    }
    for write in writes {
      use(write.start, write.values.reduce(0) { $0 + $1.registers })
      for case .parameter(_, let field, _, _) in write.values { use(field.scale) }
    }
    if let beat = profile.heartbeat?.field { use(beat.address, beat.type.width) }
    if let serial = profile.serial { use(serial.address, serial.length) }
    return places
  }

  /// The common model comes first, used or not.
  func map(base: Int) -> SunSpecMap {
    var map = SunSpecMap(base: base, models: [])
    var address = base + 2
    for (id, use) in used.sorted(by: { $0.key < $1.key }) {
      for _ in 0..<use.instances {
        let model = SunSpecModel(id: id, address: address, length: Self.length(id, highest: use.highest))
        map.models.append(model)
        for (offset, number) in use.counts { map.counts[address + offset] = number }
        address += 2 + model.length
      }
    }
    return map
  }

  private static func length(_ id: Int, highest: Int) -> Int {
    guard let model = models[id] else { return highest - 1 }
    guard model.group > 0 else { return max(model.fixed, highest - 1) }
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
      for (offset, word) in SunSpecAbsence.words(of: model.id, length: model.length).enumerated() {
        cells.declare(place(model.address + 2 + offset), 1, as: word)
      }
      if let known = models[model.id], known.group > 0 {
        let number = repetitions(known, length: model.length)
        cells.set([UInt16(number)], at: place(model.address + known.countAt))
      }
    }
    for (address, number) in map.counts { cells.set([UInt16(number)], at: place(address)) }
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
