import DeviceProfile
import EnergyModel

/// Reads what can be asked of a device.
struct CommandReader {
  let fields: FieldReader
  /// What the profile has points for.
  let points: Set<Point>
  /// Of the command that is read.
  var parameters: [SetpointKind] = []

  mutating func read(_ name: String, _ value: ConfigValue) -> CommandDefinition? {
    let keys = [
      "parameters", "on_expiry", "reversion", "timer", "reset_by_reading", "flash", "writes_a_day", "confidence",
      "effect", "writes",
    ]
    guard let section = ConfigSection(value, keys: keys) else { return nil }
    let parameters = section.required("parameters", "a list of setpoints")?.list("a list of setpoints")?
      .map(setpoint)
    self.parameters = (parameters ?? []).compactMap(\.self)
    let expiry = section.required("on_expiry", "what the device does when nobody writes any more")?
      .choice(["safe", "open", "hold"], what: "expiry").flatMap(SetpointExpiry.init(rawValue:))
    let reversion = section["reversion"].map { $0.duration(in: .seconds(2)...(.seconds(65_535))) }
    let writes = section.required("writes", "a list of writes")?.list("a list of writes")?.map(write)
    if parameters?.isEmpty == true { section["parameters"]?.refuse("a command without parameters asks for nothing") }
    if writes?.isEmpty == true { section["writes"]?.refuse("a command without writes does nothing") }
    guard let parameters, let expiry, let writes else { return nil }
    let writesADay = flashBudget(section)
    var definition = CommandDefinition(
      name: name, parameters: parameters.compactMap(\.self), onExpiry: expiry, reversion: reversion ?? nil,
      writes: writes.compactMap(\.self))
    definition.writesADay = writesADay
    definition.isResetByReading = section["reset_by_reading"].map { $0.yesOrNo() ?? false } ?? false
    if definition.isResetByReading, reversion == nil {
      section["reset_by_reading"]?.refuse("there is no timer that reading could begin anew")
    }
    definition.confidence = section["confidence"]?.confidence()
    definition.effect = section["effect"].flatMap(effect)
    if writes.allSatisfy({ $0 != nil }), !parameters.contains(nil) {
      check(definition, section)
    }
    return definition
  }

  /// `flash: yes, writes_a_day: 24`; nil where writing wears nothing.
  private func flashBudget(_ section: ConfigSection) -> Int? {
    let isFlash = section["flash"].map { $0.yesOrNo() ?? false } ?? false
    let budget = section["writes_a_day"]?.integer(in: 1...10_000, what: "a number of writes a day")
    if !isFlash {
      section["writes_a_day"]?.refuse("only registers backed by flash have a budget: write flash: yes as well")
    } else if !section.has("writes_a_day") {
      section.refuse(missing: "writes_a_day", "missing: say how many writes a day the flash bears, such as 24")
    }
    if isFlash, section.has("reversion") {
      section["flash"]?.refuse("registers backed by flash cannot carry a lease that is refreshed, so no reversion")
    }
    return isFlash ? budget : nil
  }

  private func effect(_ value: ConfigValue) -> Point? {
    guard let name = value.text("the name of a point") else { return nil }
    guard let point = Point(rawValue: name), points.contains(point) else {
      value.refuse("no point of this profile" + NearestName.hint(name, among: points.map(\.rawValue).sorted()))
      return nil
    }
    return point
  }

  private func setpoint(_ value: ConfigValue) -> SetpointKind? {
    value.choice(SetpointKind.allCases.map(\.rawValue), what: "setpoint").flatMap(SetpointKind.init(rawValue:))
  }

  private func write(_ value: ConfigValue) -> RegisterWrite? {
    let keys = FieldReader.addressKeys + ["values", "function", "read_back", "kept", "only", "unless", "every"]
    guard let section = ConfigSection(value, keys: keys) else { return nil }
    let start = fields.address(section)
    if section.has("input") || section.has("discrete") { value.refuse("inputs cannot be written") }
    let list = section.required("values", "a list of values")?.list("a list of values")
    guard let start, let list else { return nil }
    if list.isEmpty { value.refuse("a write needs at least one value") }
    var values: [WriteValue] = []
    var place = start
    for item in list {
      guard let read = writeValue(item, at: place) else { continue }
      if start.isBit, !read.isBit { item.refuse("a coil is 0 or 1") }
      values.append(read)
      place = place.advanced(by: read.width)
    }
    guard values.count == list.count else { return nil }
    return refined(RegisterWrite(start: start, values: values), section)
  }

  /// A number to write as it is, `reversion_time`, or a parameter with its type and scale.
  private func writeValue(_ value: ConfigValue, at place: RegisterAddress) -> WriteValue? {
    guard value.isMapping else {
      if value.written == "reversion_time" { return .reversionTime }
      return value.integer(in: 0...65_535, what: "a register's value or reversion_time")
        .map { .constant(UInt16($0)) }
    }
    let keys = ["parameter", "percent_of", "at_most"] + FieldReader.writtenKeys
    guard let section = ConfigSection(value, keys: keys) else { return nil }
    if section["parameter"]?.written == Self.failsafeCurrent {
      for key in ["percent_of", "at_most"] { section[key]?.refuse("belongs to a setpoint") }
      return fields.number(section, at: place).map { field in
        if case .literal = field.scale, field.type.width == 1 { return .failsafeCurrent(field: field) }
        value.refuse("the current to fall back to is one register with a scale that is known")
        return .failsafeCurrent(field: field)
      }
    }
    let kind = section.required("parameter", "a setpoint").flatMap(setpoint)
    let field = fields.number(section, at: place)
    let reference = section["percent_of"].map(fields.whole)
    let most = section["at_most"].map(fields.whole)
    guard let kind, let field, let reference = reference ?? .some(nil), let most = most ?? .some(nil) else {
      return nil
    }
    return .parameter(kind, field: field, percentOf: reference, atMost: most)
  }

  /// What the parts of a command say about each other.
  private func check(_ command: CommandDefinition, _ section: ConfigSection) {
    var written: Set<SetpointKind> = []
    var writesTimer = false
    for value in command.writes.flatMap(\.values) {
      switch value {
      case .parameter(let kind, _, _, _): written.insert(kind)
      case .reversionTime: writesTimer = true
      case .constant, .failsafeCurrent: break
      }
    }
    written.formUnion(command.writes.flatMap(\.only.keys))
    for kind in command.parameters where !written.contains(kind) {
      section["parameters"]?.refuse("\(kind.rawValue) is a parameter that no write uses")
    }
    for kind in written.subtracting(command.parameters).sorted(by: { $0.rawValue < $1.rawValue }) {
      section["writes"]?.refuse("\(kind.rawValue) is written but not among the parameters")
    }
    if Set(command.parameters).count != command.parameters.count {
      section["parameters"]?.refuse("a parameter is listed twice")
    }
    if writesTimer, command.reversion == nil {
      section.refuse(missing: "reversion", "missing: reversion_time is written, so say how long it is, such as 60 s")
    }
    let isFixed = section["timer"]?.choice(["fixed"], what: "word") != nil
    if isFixed, command.reversion == nil {
      section.refuse(missing: "reversion", "missing: say how long the device's own timer is, such as 60 s")
    }
    if isFixed, writesTimer { section["timer"]?.refuse("reversion_time is written, so the timer is not fixed") }
    if !writesTimer, !isFixed, let reversion = section["reversion"] {
      reversion.refuse(
        "no write has reversion_time, so the device never learns of it (timer: fixed, where it is the vendor's)")
    }
    if command.reversion != nil, command.onExpiry == .hold {
      section["on_expiry"]?.refuse("hold: a device with a reversion time does not hold its value")
    }
  }
}
