import DeviceProfile
import EnergyModel

/// Reads one device profile. The format is described in `config/devices/README.md`.
struct ProfileReader {
  let root: ConfigSection
  let isSunSpec: Bool

  static let keys = [
    "name", "title", "source", "confidence", "sunspec", "unit", "lag", "connection", "reading", "serial", "identify",
    "points", "commands", "heartbeat", "evidence",
  ]

  /// - Parameter name: the file's name without `.yaml`, which the profile has to repeat.
  static func read(_ text: String, name: String, problems: ProblemList) -> DeviceProfile? {
    guard let node = YAMLText.compose(text, problems: problems) else { return nil }
    let value = ConfigValue(node: node, path: "", line: nil, problems: problems)
    guard let root = ConfigSection(value, keys: keys) else { return nil }
    let isSunSpec = root["sunspec"].map { $0.yesOrNo() ?? false } ?? false
    return ProfileReader(root: root, isSunSpec: isSunSpec).profile(name)
  }

  private func profile(_ name: String) -> DeviceProfile? {
    let written = root.required("name", "the file's name, \(name)")
    if let written, let text = written.text("the file's name, \(name)"), text != name {
      written.refuse("has to be the file's name, \(name)")
    }
    let title = root.required("title", "a text")?.text()
    let source = root.required("source", "where the register facts come from")?.text()
    let confidence = root.required("confidence", "vendor, independent or single")?.confidence()
    let lag = root["lag"].map { $0.duration(in: .zero...(.seconds(600))) } ?? .seconds(1)
    let unit = root["unit"].map { $0.integer(in: 1...255, what: "a unit id") }
    let connection = root["connection"].map(connectionRules) ?? ConnectionRules()
    let reading = root["reading"].map(readingRules) ?? ReadingRules()
    let serial = root["serial"].map(textField)
    let identity = root["identify"].map(IdentityReader(fields: fields).read) ?? DeviceIdentity()
    let points = root.required("points", "a mapping of points").map(pointDefinitions)
    let known = Set((points ?? []).map(\.point))
    let commands = root["commands"].map { commandDefinitions($0, known) } ?? []
    let heartbeat = root["heartbeat"].map(heartbeat)
    guard let title, let source, let confidence, let lag, let connection, let reading, let points else { return nil }
    let evidence = root["evidence"].map(EvidenceReader(fields: fields).read) ?? []
    var profile = DeviceProfile(
      name: name, title: title, source: source, confidence: confidence, isSunSpec: isSunSpec, unit: unit ?? nil,
      connection: connection, reading: reading, points: points, serial: serial ?? nil, identity: identity,
      commands: commands, lag: lag, evidence: evidence.map(\.evidence))
    profile.heartbeat = heartbeat ?? nil
    if heartbeat != nil, commands.isEmpty { root["heartbeat"]?.refuse("a device that takes no command needs none") }
    // What is wrong already would be told a second time.
    guard root.value.problems.problems.isEmpty else { return nil }
    if let problem = profile.readingProblem { root["reading"]?.refuse(problem) }
    for (name, entry) in root["commands"]?.pairs() ?? [] {
      if let refusal = profile.planningRefusal(of: name) { entry.refuse(refusal.description) }
    }
    for (evidence, value) in evidence {
      for problem in profile.problems(with: evidence) { value.refuse(problem.description) }
    }
    return profile
  }

  private func connectionRules(_ value: ConfigValue) -> ConnectionRules? {
    let keys = ["framing", "port", "line", "delay", "clients", "idle_close"]
    guard let section = ConfigSection(value, keys: keys) else { return nil }
    var rules = ConnectionRules()
    if let written = section["framing"] {
      let list = written.isList ? written.list("a list of framings") ?? [] : [written]
      rules.framings = Set(list.compactMap(framing))
      if written.isList, list.isEmpty { written.refuse("a device has at least one framing") }
    }
    if let port = section["port"]?.integer(in: 1...65_535, what: "a TCP port") { rules.port = port }
    if let line = section["line"] {
      rules.line = SerialLine(line.written ?? "")
      if rules.line == nil { line.refuse("expected a serial line such as 9600 8N1") }
    }
    if let delay = section["delay"]?.duration(in: .zero...(.seconds(60))) { rules.connectDelay = delay }
    rules.maximumClients = section["clients"]?.integer(in: 1...1000, what: "a number of clients")
    rules.idleClose = section["idle_close"]?.duration(in: .seconds(1)...(.seconds(86_400)))
    return rules
  }

  private func framing(_ value: ConfigValue) -> Framing? {
    if let written = value.written, ["rtu-over-tcp", "rtu-over-udp"].contains(written) {
      value.refuse("the Modbus library in use speaks tcp and rtu only: such a device needs a converter between")
      return nil
    }
    return value.choice(Framing.allCases.map(\.rawValue), what: "framing").flatMap(Framing.init(rawValue:))
  }

  private func readingRules(_ value: ConfigValue) -> ReadingRules? {
    let keys = ["max_registers", "max_gap", "one_value", "pause", "write_pause", "timeout"]
    guard let section = ConfigSection(value, keys: keys) else { return nil }
    var rules = ReadingRules()
    if let most = section["max_registers"]?.integer(in: 1...125, what: "a number of registers") {
      rules.maximumRegisters = most
    }
    if let gap = section["max_gap"]?.integer(in: 0...124, what: "a number of registers") { rules.maximumGap = gap }
    rules.isOneValuePerRequest = section["one_value"].map { $0.yesOrNo() ?? false } ?? false
    if let pause = section["pause"]?.duration(in: .zero...(.seconds(10))) { rules.pause = pause }
    if let pause = section["write_pause"]?.duration(in: .zero...(.seconds(60))) { rules.writePause = pause }
    if let timeout = section["timeout"]?.duration(in: .milliseconds(10)...(.seconds(60))) { rules.timeout = timeout }
    return rules
  }

  /// `{model: 715, offset: 5, type: uint32, every: 1 s}`.
  private func heartbeat(_ value: ConfigValue) -> Heartbeat? {
    guard let section = ConfigSection(value, keys: FieldReader.addressKeys + ["type", "order", "every"]) else {
      return nil
    }
    let every = section.required("every", "a duration such as 1 s")?.duration(in: .seconds(1)...(.seconds(3600)))
    let order = section["order"].map {
      $0.choice(["high-first", "low-first"], what: "word order").flatMap(WordOrder.init(rawValue:))
    }
    let type = section.required("type", "a type such as uint32")?
      .choice(["uint16", "uint32"], what: "type").flatMap(RegisterType.init(rawValue:))
    guard let address = fields.address(section), let every, let type, let order = order ?? .highFirst else {
      return nil
    }
    if case .absolute(let space, _) = address, space != .holding {
      value.refuse("only holding registers can be written")
      return nil
    }
    fields.checkEnd(address, type.width, section)
    return Heartbeat(RegisterField(address: address, type: type, order: order), every: every)
  }

  private func textField(_ value: ConfigValue) -> TextField? {
    guard let section = ConfigSection(value, keys: FieldReader.addressKeys + ["length", "type"]) else { return nil }
    let address = fields.address(section)
    let length = section.required("length", "a number of registers")?.integer(
      in: 1...125, what: "a number of registers")
    let type = section["type"].map { $0.choice(["text", "number"], what: "type") } ?? "text"
    guard let address, let length, let type else { return nil }
    fields.checkEnd(address, length, section)
    return TextField(address: address, length: length, isNumber: type == "number")
  }

  private func pointDefinitions(_ value: ConfigValue) -> [PointDefinition] {
    let pairs = value.pairs("a mapping of points") ?? []
    if pairs.isEmpty { value.refuse("a device without points says nothing") }
    return pairs.compactMap { name, entry in
      guard let point = Point(rawValue: name) else {
        entry.problems.add(
          line: entry.line, path: entry.path,
          "unknown point" + NearestName.hint(name, among: Point.allCases.map(\.rawValue)))
        return nil
      }
      return fields.point(point, entry)
    }
  }

  private func commandDefinitions(_ value: ConfigValue, _ points: Set<Point>) -> [CommandDefinition] {
    var reader = CommandReader(fields: fields, points: points)
    return value.namedEntries("a mapping of commands").compactMap { reader.read($0.name, $0.value) }
  }

  private var fields: FieldReader { FieldReader(isSunSpec: isSunSpec) }
}

extension ConfigValue {
  func confidence() -> DeviceProfile.Confidence? {
    choice(["vendor", "independent", "single"], what: "confidence").flatMap(DeviceProfile.Confidence.init(rawValue:))
  }
}
