import DeviceProfile
import EnergyModel

extension FieldReader {
  static let sunSpecKeys = ["model", "instance", "group", "offset"]

  /// `{model: [103, 102, 101], offset: 14}`, `{model: 203, instance: 2, offset: 18}` or, inside a repeated group,
  /// `{model: 714, group: {at: 20, size: 25, count: 4}, offset: 12}`.
  func sunSpecAddress(_ section: ConfigSection, _ model: ConfigValue) -> RegisterAddress? {
    if !isSunSpec { model.refuse("only a profile with sunspec: yes has models") }
    let written = model.isList ? model.list("a list of models that are alike") ?? [] : [model]
    if written.isEmpty { model.refuse("expected at least one model") }
    let models = written.map { $0.integer(in: 1...65_534, what: "a SunSpec model") }
    let instance = section["instance"].map(self.instance) ?? .some(1)
    let groups = section["group"].map { value in
      (value.isList ? value.list("a list of groups, outermost first") ?? [] : [value]).map(group)
    }
    let offset = section.required("offset", "an offset from the model's ID register")?
      .integer(in: 0...65_535, what: "an offset")
    guard !written.isEmpty, !models.contains(nil), let instance, let offset,
      !(groups ?? []).contains(where: { $0 == nil })
    else { return nil }
    return .sunSpec(
      SunSpecAddress(
        models: models.compactMap(\.self), instance: instance, groups: (groups ?? []).compactMap(\.self),
        offset: offset))
  }

  /// Which of several models: the outer optional is nil where something is wrong, the inner one for each of them.
  private func instance(_ value: ConfigValue) -> Int?? {
    if value.written == "each" { return .some(nil) }
    return value.integer(in: 1...128, what: "each, or which of the chain").map { .some($0) } ?? .none
  }

  private func group(_ value: ConfigValue) -> SunSpecGroup? {
    guard let section = ConfigSection(value, keys: ["at", "size", "count", "repeat"]) else { return nil }
    let start = section.required("at", "where the first repetition begins").flatMap { extent($0, from: 0) }
    let size = section.required("size", "the registers of one repetition").flatMap { extent($0, from: 1) }
    let count = section["count"].map { $0.integer(in: 0...65_535, what: "the offset of a number of repetitions") }
    let repetition = section["repeat"].map { $0.integer(in: 1...128, what: "a repetition, 1 the first") }
    guard let start, let size, let count = count ?? .some(nil), let repetition = repetition ?? .some(nil) else {
      return nil
    }
    return SunSpecGroup(start: start, size: size, count: count, repetition: repetition)
  }

  /// A number of registers, or `{fixed: 4, each: 9, count: 3}` where it depends on a number that the device tells.
  private func extent(_ value: ConfigValue, from least: Int) -> SunSpecGroup.Extent? {
    let registers = "a number of registers"
    guard value.isMapping else { return value.integer(in: least...65_535, what: registers).map { .init($0) } }
    guard let section = ConfigSection(value, keys: ["fixed", "each", "count"]) else { return nil }
    let fixed = section.required("fixed", registers)?.integer(in: 0...65_535, what: registers)
    let each = section.required("each", registers)?.integer(in: 1...65_535, what: registers)
    let count = section.required("count", "the offset of a number")?.integer(in: 0...65_535, what: "an offset")
    guard let fixed, let each, let count else { return nil }
    return .init(fixed, each: each, count: count)
  }

  /// `where: {offset: 0, is: [0]}`: a register of the same repetition, and what it has to be. The outer optional is nil
  /// where something is wrong.
  func condition(_ value: ConfigValue, at address: RegisterAddress?) -> PointDefinition.Condition?? {
    guard let section = ConfigSection(value, keys: ["offset", "type", "is"]) else { return .none }
    let offset = section.required("offset", "an offset in the same repetition")?
      .integer(in: 0...65_535, what: "an offset")
    let type = section["type"].map { $0.choice(["uint16", "uint32"], what: "type") } ?? "uint16"
    let numbers = section.required("is", "a list of numbers such as [0]").map(sentinels) ?? []
    guard let offset, let type = type.flatMap(RegisterType.init(rawValue:)), !numbers.isEmpty else { return .none }
    guard case .sunSpec(var place)? = address else {
      value.refuse("a condition belongs to a SunSpec model")
      return .none
    }
    place.offset = offset
    let field = RegisterField(address: .sunSpec(place), type: type)
    return .some(.init(field, isOneOf: Set(numbers.map { Double($0) })))
  }
}
