/// One model of a SunSpec device as found on the wire.
public struct SunSpecModel: Hashable, Sendable {
  public var id: Int
  /// Of its ID register, 0-based.
  public var address: Int
  /// L: registers after ID and L.
  public var length: Int

  public init(id: Int, address: Int, length: Int) {
    self.id = id
    self.address = address
    self.length = length
  }
}

/// Where the models of one SunSpec device are, in the order of its chain.
public struct SunSpecMap: Hashable, Sendable {
  /// Of the "SunS" marker.
  public var base: Int
  public var models: [SunSpecModel]
  /// What the registers tell that count repetitions, by their addresses on the wire.
  public var counts: [Int: Int]

  public init(base: Int, models: [SunSpecModel], counts: [Int: Int] = [:]) {
    self.base = base
    self.models = models
    self.counts = counts
  }

  /// The first occurrence: later ones belong to sub-devices.
  public func model(_ id: Int) -> SunSpecModel? { models.first { $0.id == id } }

  /// The models that an address means, in the order of the chain.
  func models(_ address: SunSpecAddress) -> [SunSpecModel] {
    let found = models.filter { address.models.contains($0.id) }
    guard let instance = address.instance else { return found }
    return found.indices.contains(instance - 1) ? [found[instance - 1]] : []
  }

  /// Where the registers of one address begin; nil where the device has no such registers, or contradicts itself about
  /// them: L is smaller than the definition, or has no room for as many repetitions as it counts.
  func start(of address: SunSpecAddress, count: Int) -> (model: SunSpecModel, start: Int)? {
    guard let model = models(address).first, !address.isEach, address.offset >= 0, count > 0 else { return nil }
    var begin = 0
    var room = model.length + 2
    for group in address.groups {
      guard let shape = shape(of: group, in: model, room), let wanted = group.repetition,
        (1...shape.repetitions).contains(wanted)
      else { return nil }
      begin += shape.start + (wanted - 1) * shape.size
      room = shape.size
    }
    guard address.offset + count <= room else { return nil }
    return (model, model.address + begin + address.offset)
  }

  /// One address for each register that `address` stands for on this device.
  func each(_ address: SunSpecAddress) -> [SunSpecAddress] {
    let instances = address.instance.map { [$0] } ?? Array(1...max(1, models(address).count))
    return instances.flatMap { instance in
      var one = address
      one.instance = instance
      return models(one).first.map { repetitions(of: one, in: $0) } ?? []
    }
  }

  private func repetitions(of address: SunSpecAddress, in model: SunSpecModel) -> [SunSpecAddress] {
    var found = [address]
    var room = model.length + 2
    for index in address.groups.indices {
      guard let shape = shape(of: address.groups[index], in: model, room) else { return [] }
      room = shape.size
      guard address.groups[index].repetition == nil else { continue }
      found = found.flatMap { one in
        (1...shape.repetitions).map { repetition in
          var one = one
          one.groups[index].repetition = repetition
          return one
        }
      }
    }
    return found
  }

  /// More repetitions than this are nonsense, and would make a poll endless.
  static let maximumRepetitions = 128

  /// - Parameter room: registers of the model, or of the repetition around the group.
  private func shape(
    of group: SunSpecGroup, in model: SunSpecModel, _ room: Int
  ) -> (start: Int, size: Int, repetitions: Int)? {
    guard let start = registers(group.start, in: model), let size = registers(group.size, in: model), start >= 0,
      size > 0,
      start <= room
    else { return nil }
    let fitting = (room - start) / size
    guard let repetitions = group.count.map({ number(at: $0, in: model) }) ?? fitting,
      (1...Self.maximumRepetitions).contains(repetitions), repetitions <= fitting
    else { return nil }
    return (start, size, repetitions)
  }

  private func registers(_ extent: SunSpecGroup.Extent, in model: SunSpecModel) -> Int? {
    guard let count = extent.count else { return extent.fixed }
    return number(at: count, in: model).map { extent.fixed + extent.each * $0 }
  }

  private func number(at offset: Int, in model: SunSpecModel) -> Int? { counts[model.address + offset] }
}
