import DeviceProfile

/// Reads by what a scan tells a profile's device from others.
struct IdentityReader {
  let fields: FieldReader

  func read(_ value: ConfigValue) -> DeviceIdentity {
    let keys = ["registers", "manufacturer", "part_of", "source"]
    guard let section = ConfigSection(value, keys: keys) else { return DeviceIdentity() }
    if !["registers", "manufacturer", "part_of"].contains(where: section.has) {
      value.refuse("tells nothing: expected registers, manufacturer or part_of")
    }
    _ = section["source"]?.text("where the facts come from")
    var identity = DeviceIdentity()
    if let registers = section["registers"] {
      let list = registers.list("a list such as [{holding: 30000, length: 15, text: SUN2000*}]") ?? []
      if registers.isList, list.isEmpty { registers.refuse("expected at least one register") }
      identity.marks = list.compactMap(mark)
    }
    if let manufacturer = section["manufacturer"] {
      if !fields.isSunSpec { manufacturer.refuse("only a profile with sunspec: yes has a common model that names one") }
      identity.manufacturers = texts(manufacturer)
    }
    if let parts = section["part_of"] { identity.partOf = names(parts) }
    return identity
  }

  private func mark(_ value: ConfigValue) -> DeviceIdentity.Mark? {
    let keys = FieldReader.addressKeys + ["type", "order", "is", "length", "text"]
    guard let section = ConfigSection(value, keys: keys), let address = fields.address(section) else { return nil }
    guard section.has("is") != section.has("text") else {
      value.refuse("expected either is: with raw numbers or text:")
      return nil
    }
    if address.isBit {
      value.refuse("a coil or a discrete input says nothing about what a device is")
      return nil
    }
    let expected = section.has("is") ? numbers(section) : text(section)
    guard let mark = expected.map({ DeviceIdentity.Mark(address, $0) }) else { return nil }
    fields.checkEnd(address, mark.length, section)
    return mark
  }

  private func numbers(_ section: ConfigSection) -> DeviceIdentity.Mark.Expected? {
    section["length"]?.refuse("belongs to a text")
    let order = section["order"].map {
      $0.choice(["high-first", "low-first"], what: "word order").flatMap(WordOrder.init(rawValue:))
    }
    let type = section.required("type", "a type such as uint16")?
      .choice(["uint16", "uint32", "uint64"], what: "type").flatMap(RegisterType.init(rawValue:))
    guard let written = section["is"], let type, let order = order ?? .highFirst else { return nil }
    let most = type.width == 4 ? UInt64.max : 1 << (16 * UInt64(type.width)) - 1
    let items = written.isList ? written.list("a list of raw numbers") ?? [] : [written]
    if items.isEmpty { written.refuse("expected at least one raw number") }
    let ranges = items.compactMap { item -> ClosedRange<UInt64>? in
      let ends = (item.written ?? "").split(separator: "..", omittingEmptySubsequences: false)
        .map { ConfigValue.raw(String($0)) }
      guard let lower = ends.first ?? nil, let upper = ends.last ?? nil, ends.count <= 2, lower <= upper else {
        item.refuse("expected a raw number or a range of them, such as 0x0070 or 1648..1653")
        return nil
      }
      if upper > most { item.refuse("does not fit \(type.rawValue)") }
      return lower...upper
    }
    return ranges.count == items.count && !ranges.isEmpty ? .numbers(type, order, ranges) : nil
  }

  private func text(_ section: ConfigSection) -> DeviceIdentity.Mark.Expected? {
    for key in ["type", "order"] { section[key]?.refuse("belongs to a number") }
    let length = section.required("length", "a number of registers")?.integer(
      in: 1...125, what: "a number of registers")
    guard let written = section["text"], let length else { return nil }
    let texts = texts(written)
    for text in texts where text.utf8.count > 2 * length + (text.hasSuffix("*") ? 1 : 0) {
      written.refuse("\(text) is longer than \(length) registers")
    }
    return texts.isEmpty ? nil : .texts(length: length, texts)
  }

  /// One or several, each with or without a `*` at its end.
  private func texts(_ value: ConfigValue) -> [String] {
    let items = value.isList ? value.list("a list of texts") ?? [] : [value]
    if items.isEmpty { value.refuse("expected at least one text") }
    return items.compactMap { item in
      guard let text = item.text("a text, or the beginning of one such as SUN2000*") else { return nil }
      guard !text.dropLast().contains("*"), text != "*" else {
        item.refuse("a * stands at the end, after what has to be there")
        return nil
      }
      return text
    }
  }

  private func names(_ value: ConfigValue) -> [String] {
    let items = value.isList ? value.list("a list of profiles") ?? [] : [value]
    if items.isEmpty { value.refuse("expected at least one profile") }
    return items.compactMap { item in
      guard let name = item.text("the name of a profile") else { return nil }
      if !ConfigValue.isName(name) { item.refuse("is no name of a profile") }
      return name
    }
  }
}
