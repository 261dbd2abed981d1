// From what a profile says of repeated groups to the registers of one particular device.

extension PointDefinition {
  /// With a term for each register that a term stands for on this device. A term without any stays as it is, which no
  /// register is found for: what is not there has no value.
  public func expanded(on map: SunSpecMap?) -> PointDefinition {
    guard let map, terms.contains(where: { $0.field.address.isEach }) else { return self }
    var definition = self
    definition.terms = terms.flatMap { term in
      guard case .sunSpec(let address) = term.field.address, address.isEach else { return [term] }
      let each = map.each(address)
      return each.isEmpty ? [term] : each.map(term.at)
    }
    return definition
  }
}

extension PointDefinition.Term {
  /// Its part in one repetition: what else it is made of is taken from the same one.
  fileprivate func at(_ one: SunSpecAddress) -> Self {
    var term = self
    term.field = field.at(one)
    term.condition?.field = condition?.field.at(one) ?? term.field
    return term
  }
}

extension RegisterField {
  fileprivate func at(_ one: SunSpecAddress) -> RegisterField {
    var field = self
    field.address = address.at(one)
    if case .factor(let factor, let times) = scale { field.scale = .factor(factor.at(one), times: times) }
    return field
  }
}

extension RegisterAddress {
  fileprivate func at(_ one: SunSpecAddress) -> RegisterAddress {
    guard case .sunSpec(var address) = self, address.models == one.models else { return self }
    address.instance = address.instance ?? one.instance
    for (index, group) in zip(address.groups.indices, one.groups) where address.groups[index].repetition == nil {
      address.groups[index].repetition = group.repetition
    }
    return .sunSpec(address)
  }
}

extension DeviceProfile {
  /// By model id, the offsets of the registers that count repetitions: what ``SunSpecDiscovery`` has to read along.
  public var countedRepetitions: [Int: Set<Int>] {
    var counting: [Int: Set<Int>] = [:]
    for case .sunSpec(let address) in addresses {
      let offsets = address.groups.flatMap(\.counts)
      for model in address.models where !offsets.isEmpty { counting[model, default: []].formUnion(offsets) }
    }
    return counting
  }
}
