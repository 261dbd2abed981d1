public import DeviceProfile

/// Finds out what a unit is: what it says of itself first, then what makes sense of its registers. Only reads.
public struct UnitScan: Sendable {
  private let profiles: [DeviceProfile]
  private let framing: Framing
  private let line: SerialLine?

  /// - Parameter line: the settings of a serial line, nil over TCP.
  public init(_ profiles: [DeviceProfile], line: SerialLine? = nil) {
    framing = line == nil ? .tcp : .rtu
    self.line = line
    self.profiles = profiles.filter { [framing] in $0.connection.framings.contains(framing) }
  }

  /// Whether somebody answers under a unit, if only to refuse.
  /// - Parameter thoroughly: asks on for what the profiles know, where nothing was heard.
  public func isThere<Asker: RegisterAsker>(
    unit: Int, thoroughly: Bool = false, asker: inout Asker
  ) -> Bool {
    let first = ReadBlock(space: .holding, start: 0, count: 1)
    var questions = [first]
    if thoroughly {
      let own = profiles.filter { $0.unit == unit && !$0.isSunSpec }
      questions = own.compactMap { ResolvedProfile($0).readPlan.blocks.first }.prefix(2) + [first]
      if unit == 1 {
        questions = [
          first, ReadBlock(space: .input, start: 0, count: 2), ReadBlock(space: .holding, start: 40_000, count: 2),
        ]
      }
    }
    for question in questions {
      switch asker.ask(question, unit: unit, pause: .zero, timeout: nil) {
      case .registers, .refused: return true
      case .silent: continue
      case .over: return false
      }
    }
    return false
  }

  /// - Parameter ignoresUnits: the device answers under any unit.
  public func identify<Asker: RegisterAsker>(
    unit: Int, ignoresUnits: Bool = false, asker: inout Asker
  ) -> ScannedUnit {
    var reader = UnitReader(asker, unit: unit)
    defer { asker = reader.asker }
    var found = ScannedUnit(unit: unit, ignoresUnits: ignoresUnits)
    found.map = sunSpecMap(&reader)
    found.label = label(found.map, &reader)
    var trials: [ProfileTrial] = []
    var others: [(DeviceProfile, ProfileTrial)] = []
    for profile in profiles where profile.unit == nil || profile.unit == unit || ignoresUnits {
      if profile.isSunSpec, found.map == nil { continue }
      var trial = ProfileTrial(profile, unit: profile.unit ?? unit)
      reader.address(unit: trial.unit)
      trial.readMarks(resolved(profile, found.map), maker: found.label.manufacturer, from: &reader)
      if trial.isRefuted { continue }
      if trial.isProven { trials.append(trial) } else { others.append((profile, trial)) }
    }
    var matches = trials.compactMap { match(of: $0, found.map, &reader) }
    let proven = Set(matches.map(\.profile.name))
    let isSettled = matches.contains { $0.certainty == .identified }
    for (profile, trial) in others.filter(\.0.isSunSpec) + others.filter({ !$0.0.isSunSpec }) {
      // What the device says of itself leaves its other parts, and what its models say, to be looked at.
      let isRelated = profile.isSunSpec || profile.identity.partOf.contains(where: proven.contains)
      if isSettled || found.map != nil && !matches.isEmpty, !isRelated { continue }
      guard reader.isStillThere() else { break }
      if let match = match(of: trial, found.map, &reader) { matches.append(match) }
    }
    reader.address(unit: unit)
    found.take(matches, isOver: reader.isOver)
    if found.best == nil {
      found.samples = samples(&reader)
      found.coilCount = bits(.coil, &reader)
      found.inputCount = bits(.discrete, &reader)
    }
    return found
  }

  private func resolved(_ profile: DeviceProfile, _ map: SunSpecMap?) -> ResolvedProfile {
    ResolvedProfile(profile, map: profile.isSunSpec ? map : nil)
  }

  private func match<Asker>(
    of trial: ProfileTrial, _ map: SunSpecMap?, _ reader: inout UnitReader<Asker>
  ) -> ProfileMatch? {
    var trial = trial
    reader.address(unit: trial.unit)
    trial.readPoints(resolved(trial.profile, map), from: &reader)
    return ProfileMatch(trial, line: line)
  }

  private func sunSpecMap<Asker>(_ reader: inout UnitReader<Asker>) -> SunSpecMap? {
    var counting: [Int: Set<Int>] = [:]
    for profile in profiles { counting.merge(profile.countedRepetitions) { $0.union($1) } }
    var discovery = SunSpecDiscovery(counting: counting)
    while true {
      switch discovery.action {
      case .found(let map): return map
      case .failed: return nil
      case .read(let address, let count):
        switch reader.read(ReadBlock(space: .holding, start: address, count: count)) {
        case .registers(let words): discovery.received(words)
        // Silence costs time; it is taken for a refusal.
        case .refused, .silent: discovery.refused()
        case .over: return nil
        }
      }
    }
  }

  /// Maker, model, version and serial number by the common model.
  private func label<Asker>(_ map: SunSpecMap?, _ reader: inout UnitReader<Asker>) -> DeviceLabel {
    var label = DeviceLabel()
    guard let start = map?.model(1)?.address else { return label }
    func text(_ offset: Int, _ count: Int) -> String? {
      let block = ReadBlock(space: .holding, start: start + offset, count: count)
      return reader.registers([block]).flatMap { TextField.text($0) }
    }
    // One request where the device lets so many be read, otherwise each text for itself.
    _ = reader.read(ReadBlock(space: .holding, start: start + 2, count: 64))
    label.manufacturer = text(2, 16)
    label.model = text(18, 16)
    label.version = text(42, 8)
    label.serial = text(50, 16)
    return label
  }

  /// The first registers, for somebody who has to find out by hand.
  private func samples<Asker>(_ reader: inout UnitReader<Asker>) -> [String] {
    for space in [RegisterSpace.holding, .input] {
      for start in [0, 1000, 30_000, 40_000] {
        _ = reader.read(ReadBlock(space: space, start: start, count: 8))
      }
    }
    return reader.answered.prefix(8).map { block, words in
      let shown = words.prefix(8).map { Self.hexadecimal($0) }.joined(separator: " ")
      return "\(block.space.rawValue) \(block.start): \(shown)\(words.count > 8 ? " …" : "")"
    }
  }

  /// Relays and contacts need no profile; how many there are is not told, only how many may be read.
  private func bits<Asker>(_ space: RegisterSpace, _ reader: inout UnitReader<Asker>) -> Int {
    [16, 8, 4, 2, 1].first { count in
      if case .registers = reader.read(ReadBlock(space: space, start: 0, count: count)) { true } else { false }
    } ?? 0
  }

  private static func hexadecimal(_ word: UInt16) -> String {
    let digits = String(word, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}
