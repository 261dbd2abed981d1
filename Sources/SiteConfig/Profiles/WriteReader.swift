import DeviceProfile
import EnergyModel

extension CommandReader {
  /// Stands for the current that the site's configuration lets a charger fall back to, A.
  static let failsafeCurrent = "failsafe_current_a"

  /// How the device wants the write, and when it is left out.
  func refined(_ write: RegisterWrite, _ section: ConfigSection) -> RegisterWrite? {
    var write = write
    if let function = section["function"]?.choice(["6", "16"], what: "function code") {
      write.function = function == "6" ? .single : .multiple
      if function == "6", write.values.map(\.width) != [1] {
        section["function"]?.refuse("function code 6 writes one register")
      }
    }
    write.isKept = section["kept"].map { $0.yesOrNo() ?? false } ?? false
    write.every = section["every"]?.duration(in: .seconds(1)...(.seconds(3600)))
    write.only = section["only"].map(conditions) ?? [:]
    if let shown = section["read_back"] {
      guard let readBack = readBack(shown) else { return nil }
      write.readBack = readBack
      if case .field = readBack, write.values.map(\.width) != [1] {
        shown.refuse("only one register is read back elsewhere")
      }
      if readBack == .nowhere, write.isKept { section["kept"]?.refuse("what nothing shows cannot be compared") }
    }
    if let unless = section["unless"] {
      guard let exemption = exemption(unless) else { return nil }
      write.unless = exemption
    }
    return write
  }

  private func readBack(_ value: ConfigValue) -> RegisterWrite.ReadBack? {
    guard value.isMapping else { return value.choice(["none"], what: "register to read back").map { _ in .nowhere } }
    guard let section = ConfigSection(value, keys: FieldReader.addressKeys + ["type", "order"]),
      let address = fields.address(section)
    else { return nil }
    return whole(section, at: address).map { .field($0) }
  }

  private func exemption(_ value: ConfigValue) -> RegisterWrite.Exemption? {
    guard let section = ConfigSection(value, keys: FieldReader.addressKeys + ["type", "order", "is"]) else {
      return nil
    }
    let raw = section.required("is", "a list of raw values such as [2, 3]").map(fields.sentinels) ?? []
    guard let address = fields.address(section), let field = whole(section, at: address), !raw.isEmpty else {
      return nil
    }
    return RegisterWrite.Exemption(field, raw: raw)
  }

  /// A whole number as it stands in its registers.
  private func whole(_ section: ConfigSection, at address: RegisterAddress) -> RegisterField? {
    let order = section["order"].map {
      $0.choice(["high-first", "low-first"], what: "word order").flatMap(WordOrder.init(rawValue:))
    }
    let type = section.required("type", "a type such as uint32")?
      .choice(["uint16", "uint32", "uint64"], what: "type").flatMap(RegisterType.init(rawValue:))
    guard let type, let order = order ?? .highFirst else { return nil }
    return RegisterField(address: address, type: type, order: order)
  }

  /// `6..63` of the first parameter, or `{discharge_limit_w: below 0}`.
  private func conditions(_ value: ConfigValue) -> [SetpointKind: ClosedRange<Double>] {
    guard value.isMapping else {
      guard let range = range(value), let first = parameters.first else { return [:] }
      return [first: range]
    }
    var only: [SetpointKind: ClosedRange<Double>] = [:]
    for (name, entry) in value.pairs() ?? [] {
      guard let kind = SetpointKind(rawValue: name), parameters.contains(kind) else {
        entry.problems.add(
          line: entry.line, path: entry.path,
          "no parameter of the command" + NearestName.hint(name, among: parameters.map(\.rawValue)))
        continue
      }
      only[kind] = range(entry)
    }
    return only
  }

  /// `0`, `6..63`, `0..` or `below 0`, in the setpoint's own unit.
  private func range(_ value: ConfigValue) -> ClosedRange<Double>? {
    let written = value.written ?? ""
    if written.hasPrefix("below "), let end = Measure.number(Measure.trimmed(written.dropFirst(6))) {
      return -.infinity...end.nextDown
    }
    if written.hasSuffix(".."), let start = Measure.number(Measure.trimmed(written.dropLast(2))) {
      return start...(.infinity)
    }
    let pieces = written.split(separator: "..", omittingEmptySubsequences: false)
      .map { Measure.number(Measure.trimmed($0)) }
    if pieces.count == 1, let only = pieces[0] { return only...only }
    if pieces.count == 2, let lower = pieces[0], let upper = pieces[1], lower < upper { return lower...upper }
    value.refuse("expected a value of the setpoint or a range of it, such as 0 or 6..32")
    return nil
  }
}

extension WriteValue {
  /// Whether a coil can take it.
  var isBit: Bool {
    switch self {
    case .constant(let register): register <= 1
    case .reversionTime, .failsafeCurrent: false
    case .parameter(_, let field, _, _): field.type == .bit
    }
  }

  /// Number of registers (or of coils).
  var width: Int {
    switch self {
    case .constant, .reversionTime: 1
    case .parameter(_, let field, _, _), .failsafeCurrent(let field): field.type.width
    }
  }
}

extension RegisterAddress {
  /// The address so many registers further on.
  func advanced(by count: Int) -> RegisterAddress {
    switch self {
    case .absolute(let space, let address): return .absolute(space, address + count)
    case .sunSpec(var place):
      place.offset += count
      return .sunSpec(place)
    }
  }
}
