import DeviceProfile
import EnergyModel

/// Reads the registers that a profile is tested with, and tests it.
struct EvidenceReader {
  let fields: FieldReader

  func read(_ value: ConfigValue) -> [(evidence: Evidence, value: ConfigValue)] {
    (value.list("a list of registers and what they mean") ?? []).compactMap { item in
      evidence(item).map { ($0, item) }
    }
  }

  private func evidence(_ value: ConfigValue) -> Evidence? {
    guard let section = ConfigSection(value, keys: ["from", "source", "registers", "points", "asked", "written"])
    else { return nil }
    let origin = section.required("from", "published or derived")?
      .choice(["published", "derived"], what: "origin").flatMap(Evidence.Origin.init(rawValue:))
    let source = section["source"].map { $0.text("where it was published") }
    if origin == .published, !section.has("source") {
      section.refuse(missing: "source", "missing: say where it was published")
    }
    let registers = section["registers"].map(blocks) ?? []
    let points = section["points"].map(expectations) ?? [:]
    let asked = section["asked"].map(setpoints) ?? [:]
    let written = section["written"].map(blocks)
    if section.has("asked") != section.has("written") {
      let missing = section.has("asked") ? "written" : "asked"
      section.refuse(missing: missing, "missing: asked and written belong together")
    }
    guard section.has("points") || section.has("asked") else {
      value.refuse("proves nothing: expected points, or asked and written")
      return nil
    }
    guard let origin, let registers, let points, let asked, let written = written ?? .some(nil) else { return nil }
    return Evidence(
      origin: origin, source: source ?? nil, blocks: registers, points: points,
      asked: Dictionary(asked.compactMap { key, value in SetpointKind(rawValue: key).map { ($0, value) } }) { $1 },
      failsafeCurrent: asked[CommandReader.failsafeCurrent], written: written)
  }

  private func blocks(_ value: ConfigValue) -> [Evidence.Block]? {
    guard let list = value.list("a list such as [{holding: 1020, bytes: \"00 00 1C 20\"}]") else { return nil }
    let blocks = list.map(block)
    return blocks.contains(nil) ? nil : blocks.compactMap(\.self)
  }

  private func block(_ value: ConfigValue) -> Evidence.Block? {
    guard let section = ConfigSection(value, keys: FieldReader.addressKeys + ["bytes", "bits"]),
      let address = fields.address(section)
    else { return nil }
    let key = address.isBit ? "bits" : "bytes"
    section[address.isBit ? "bytes" : "bits"]?.refuse("coils and discrete inputs have bits, registers have bytes")
    let example = address.isBit ? "bits such as \"1 0\"" : "bytes such as \"00 00 1C 20\""
    guard let written = section.required(key, example), let text = written.text(example) else { return nil }
    guard let registers = address.isBit ? Self.bits(text) : Self.registers(text) else {
      written.refuse("expected \(example)")
      return nil
    }
    return Evidence.Block(start: address, registers: registers)
  }

  private static func bits(_ text: String) -> [UInt16]? {
    let words = text.split(separator: " ")
    let bits = words.compactMap { ["0": 0, "1": 1][$0] as UInt16? }
    return bits.isEmpty || bits.count != words.count ? nil : bits
  }

  /// Two bytes a register, as they are on the wire.
  private static func registers(_ text: String) -> [UInt16]? {
    let digits = text.filter { $0 != " " }
    guard !digits.isEmpty, digits.count.isMultiple(of: 4), digits.allSatisfy(\.isHexDigit) else { return nil }
    return stride(from: 0, to: digits.count, by: 4).compactMap { start in
      let from = digits.index(digits.startIndex, offsetBy: start)
      return UInt16(digits[from..<digits.index(from, offsetBy: 4)], radix: 16)
    }
  }

  private func expectations(_ value: ConfigValue) -> [Point: Evidence.Expected]? {
    var expected: [Point: Evidence.Expected] = [:]
    for (name, entry) in value.pairs("points and what they read") ?? [] {
      guard let point = Point(rawValue: name) else {
        entry.problems.add(
          line: entry.line, path: entry.path,
          "unknown point" + NearestName.hint(name, among: Point.allCases.map(\.rawValue)))
        continue
      }
      if entry.written == Quality.notImplemented.rawValue || entry.written == Quality.outOfRange.rawValue {
        expected[point] = .bad(entry.written == Quality.outOfRange.rawValue ? .outOfRange : .notImplemented)
      } else if let number = entry.number(in: -1e13...1e13, what: "a number, not_implemented or out_of_range") {
        expected[point] = .value(number)
      }
    }
    return expected
  }

  private func setpoints(_ value: ConfigValue) -> [String: Double]? {
    let known = SetpointKind.allCases.map(\.rawValue) + [CommandReader.failsafeCurrent]
    var asked: [String: Double] = [:]
    for (name, entry) in value.pairs("setpoints and their values") ?? [] {
      guard known.contains(name) else {
        entry.problems.add(
          line: entry.line, path: entry.path, "unknown setpoint" + NearestName.hint(name, among: known))
        continue
      }
      if let number = entry.number(in: -1e9...1e9, what: "a number") { asked[name] = number }
    }
    return asked
  }
}
