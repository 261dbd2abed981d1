import DeviceProfile
import EnergyModel

/// Reads where a number is and how it is to be understood.
struct FieldReader {
  let isSunSpec: Bool

  static let addressKeys = ["holding", "input", "coil", "discrete"] + sunSpecKeys
  static let numberKeys = [
    "type", "order", "scale", "scale_factor", "plus", "not_implemented", "bit", "mask", "values",
  ]
  static let termKeys = addressKeys + numberKeys + ["sign", "negative_if", "where", "optional"]
  /// Without what only makes sense when it is read.
  static let writtenKeys = ["type", "order", "scale", "scale_factor", "not_implemented"]
  static let types = [
    "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64", "acc32", "acc64", "bit",
  ]

  func point(_ point: Point, _ value: ConfigValue) -> PointDefinition? {
    let several = PointDefinition.Combination.allCases.map(\.rawValue).first(where: value.hasKey)
    let keys = (several.map { [$0, "values"] } ?? Self.termKeys) + ["range", "every"]
    guard let section = ConfigSection(value, keys: keys) else { return nil }
    let range = section["range"].flatMap { limits($0, of: point) }
    let every = section["every"].flatMap { pace($0, of: point) }
    guard let several, let combination = PointDefinition.Combination(rawValue: several) else {
      guard let term = term(section) else { return nil }
      if term.field.address.isEach { value.refuse("stands for several registers: say sum, highest, lowest or first") }
      return PointDefinition(point, [term], range: range, every: every)
    }
    let table = section["values"].map(meanings)
    let terms = section[several]?.list("a list of fields").map { list in
      list.compactMap { item in
        ConfigSection(item, keys: Self.termKeys).flatMap(term)
      }
    }
    guard let terms else { return nil }
    if terms.isEmpty { value.refuse("a \(several) needs at least one field") }
    return PointDefinition(
      point, terms, range: range, combination: combination,
      values: Dictionary((table ?? [:]).map { (Int($0), $1) }, uniquingKeysWith: { first, _ in first }),
      every: every)
  }

  /// What control acts on: to it a value older than a few seconds is unknown, and the worst is assumed.
  private static let actedOn: Set<Point> = [
    .power, .powerL1, .powerL2, .powerL3, .currentL1, .currentL2, .currentL3, .energyImport, .pvPower, .batteryPower,
    .soc,
    .batteryTemperature, .chargePowerMax, .dischargePowerMax, .cellVoltageMax, .cellVoltageMin, .alarms, .islanded,
    .relayOn,
    .chargingCurrentLimit, .chargingPhases, .chargingState, .heatPumpState, .contact,
  ]

  private func pace(_ value: ConfigValue, of point: Point) -> Duration? {
    if Self.actedOn.contains(point) { value.refuse("control acts on \(point.rawValue), so it is read with every poll") }
    return value.duration(in: .seconds(1)...(.seconds(86_400)))
  }

  private func term(_ section: ConfigSection) -> PointDefinition.Term? {
    let address = address(section, mayRepeat: true)
    let sign = section["sign"].map { $0.choice(["1", "-1"], what: "sign") } ?? "1"
    let negative = section["negative_if"].map(whole)
    let condition = section["where"].map { self.condition($0, at: address) }
    let isOptional = section["optional"].map { $0.yesOrNo() ?? false } ?? false
    guard let address, let field = number(section, at: address), let sign, let negative = negative ?? .some(nil),
      let condition = condition ?? .some(nil)
    else { return nil }
    return PointDefinition.Term(
      field, sign: sign == "1" ? 1 : -1, negative: negative, condition: condition, isOptional: isOptional)
  }

  /// A field in a mapping of its own. The outer optional is nil where something is wrong.
  func whole(_ value: ConfigValue) -> RegisterField?? {
    guard let section = ConfigSection(value, keys: Self.addressKeys + Self.numberKeys),
      let address = address(section), let field = number(section, at: address)
    else { return .none }
    return .some(field)
  }

  /// Bounds in the point's own unit, such as `0..1000`, inside what is plausible for it at all.
  private func limits(_ value: ConfigValue, of point: Point) -> ClosedRange<Double>? {
    let outer = point.plausibleRange
    let expected = "a range in the point's unit, such as 0..100"
    guard let text = value.text(expected) else { return nil }
    let pieces = text.split(separator: "..", omittingEmptySubsequences: false)
    guard pieces.count == 2, let lower = Measure.number(Measure.trimmed(pieces[0])),
      let upper = Measure.number(Measure.trimmed(pieces[1])), lower < upper
    else {
      value.refuse("expected \(expected)")
      return nil
    }
    guard outer.lowerBound <= lower, upper <= outer.upperBound else {
      let widest = "\(Measure.text(of: outer.lowerBound))..\(Measure.text(of: outer.upperBound))"
      value.refuse("wider than what is plausible for \(point.rawValue): \(widest)")
      return nil
    }
    return lower...upper
  }

  /// Exactly one of the ways to say where something is.
  func address(_ section: ConfigSection, mayRepeat: Bool = false) -> RegisterAddress? {
    let written = ["holding", "input", "coil", "discrete", "model"].filter(section.has)
    guard written.count == 1, let kind = written.first, let place = section[kind] else {
      let ways = isSunSpec ? "model and offset" : "holding, input, coil or discrete"
      section.value.refuse("expected one address: \(ways)")
      return nil
    }
    guard let space = RegisterSpace(rawValue: kind) else {
      let address = sunSpecAddress(section, place)
      if let address, address.isEach, !mayRepeat {
        place.refuse("stands for several registers where one is meant: say which with instance: and repeat:")
      }
      return address
    }
    for key in ["instance", "group", "offset"] { section[key]?.refuse("belongs to a model") }
    return place.integer(in: 0...65_535, what: "an address, counted from 0 as on the wire").map { .absolute(space, $0) }
  }

  func number(_ section: ConfigSection, at address: RegisterAddress) -> RegisterField? {
    let isBitSpace = address.isBit
    let type =
      if let written = section["type"] {
        written.choice(Self.types, what: "type").flatMap(RegisterType.init(rawValue:))
      } else if isBitSpace {
        RegisterType.bit
      } else {
        section.required("type", "a type such as int16")?.text().flatMap(RegisterType.init(rawValue:))
      }
    let order = section["order"].map {
      $0.choice(["high-first", "low-first"], what: "word order").flatMap(WordOrder.init(rawValue:))
    }
    let sentinels = section["not_implemented"].map(sentinels)
    let mask = mask(section)
    // A written number has no meanings to look up.
    let table = section.knows("values") ? section["values"].map(meanings) : nil
    let scale = scale(section, at: address)
    let plus = section.knows("plus") ? section["plus"]?.number(in: -1e9...1e9, what: "a number") : nil
    guard let type, let scale, let order = order ?? .highFirst else { return nil }
    guard (type == .bit) == isBitSpace else {
      section.value.refuse("type bit belongs to coils and discrete inputs, every other type to registers")
      return nil
    }
    let field = RegisterField(
      address: address, type: type, order: order, scale: scale, plus: plus ?? 0,
      notImplemented: Set(sentinels ?? []), mask: mask, values: table ?? [:])
    check(field, section)
    return field
  }

  /// What the parts of a field say about each other.
  private func check(_ field: RegisterField, _ section: ConfigSection) {
    let width = field.type.width
    checkEnd(field.address, width, section)
    let most = width == 4 ? UInt64.max : 1 << (16 * UInt64(width)) - 1
    if let mask = field.mask, mask > most || field.type.isFloat {
      (section["bit"] ?? section["mask"])?.refuse("\(field.type.rawValue) has no such bit")
    }
    if let pattern = field.notImplemented.first(where: { $0 > most }) {
      section["not_implemented"]?.refuse("\(pattern) does not fit \(field.type.rawValue)")
    }
    if case .literal(0) = field.scale { section["scale"]?.refuse("everything would be zero") }
  }

  func checkEnd(_ address: RegisterAddress, _ width: Int, _ section: ConfigSection) {
    guard case .absolute(_, let start) = address, start + width > 65_536 else { return }
    section.value.refuse("goes beyond the last register, 65535")
  }

  /// `bit: 2`, or `mask: 0x7F00`.
  private func mask(_ section: ConfigSection) -> UInt64? {
    guard section.knows("bit") else { return nil }
    if let bit = section["bit"] {
      section["mask"]?.refuse("either one bit or a mask")
      return bit.integer(in: 0...63, what: "a bit, 0 the lowest").map { 1 << UInt64($0) }
    }
    guard let mask = section["mask"] else { return nil }
    let raw = mask.raw
    if raw == nil || raw == 0 { mask.refuse("expected the bits that count, such as 0x7F00") }
    return raw == 0 ? nil : raw
  }

  /// `{0: 1, 1: 0}`: raw numbers and what they stand for.
  private func meanings(_ value: ConfigValue) -> [UInt64: Double] {
    var table: [UInt64: Double] = [:]
    for (key, meaning) in value.pairs("raw numbers and what they stand for, such as {0: 1, 1: 0}") ?? [] {
      guard let raw = ConfigValue.raw(key), raw <= UInt64(Int.max) else {
        meaning.problems.add(line: meaning.line, path: meaning.path, "\(key) is no raw number")
        continue
      }
      if let number = meaning.number(in: -1e9...1e9, what: "a value") { table[raw] = number }
    }
    return table
  }

  func sentinels(_ value: ConfigValue) -> [UInt64] {
    (value.list("a list of raw values such as [0x8000]") ?? []).compactMap { item in
      let number = item.raw
      if number == nil { item.refuse("expected a raw value such as 0x8000") }
      return number
    }
  }

  /// `scale: 0.01`, `scale_factor: 15` (an offset in the same model), `scale_factor: {holding: 9}`, or both multiplied.
  private func scale(_ section: ConfigSection, at address: RegisterAddress) -> Scale? {
    let times = section["scale"].map { $0.number(in: -1e9...1e9, what: "a factor") } ?? 1
    guard let factor = section["scale_factor"] else { return times.map { .literal($0) } }
    if factor.isMapping {
      let place = ConfigSection(factor, keys: Self.addressKeys).flatMap { self.address($0) }
      guard let times, let place else { return nil }
      return .factor(place, times: times)
    }
    guard case .sunSpec(var place) = address else {
      factor.refuse(
        "an offset in a SunSpec model: write scale: with the factor itself, or {holding: 9} for a register with its exponent"
      )
      return nil
    }
    let offset = factor.integer(in: 0...65_535, what: "an offset in the same model")
    guard let times, let offset else { return nil }
    place.groups = []
    place.offset = offset
    return .factor(.sunSpec(place), times: times)
  }
}

extension RegisterType {
  fileprivate var isFloat: Bool { self == .float32 || self == .float64 }
}

extension ConfigValue {
  /// A raw value, decimal or hexadecimal.
  fileprivate var raw: UInt64? { Self.raw(written ?? "") }

  static func raw(_ text: String) -> UInt64? {
    text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
  }
}

extension RegisterAddress {
  var isBit: Bool {
    switch self {
    case .absolute(.coil, _), .absolute(.discrete, _): true
    case .absolute(.holding, _), .absolute(.input, _), .sunSpec: false
    }
  }
}
