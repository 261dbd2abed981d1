import Commissioning
import DeviceProfile
import EnergyModel
import SiteSimulator
import Testing

/// What a scan makes of devices that are more, less or something else than one profile.
@Suite struct UnitScanTests {
  private let scan = UnitScan(SimulatedUnits.profiles)

  private func image(_ name: String) throws -> ProfileImage {
    SimulatedUnits.image(try #require(SimulatedUnits.profile(name)))
  }

  @Test func theMeterOfAnInverterIsADeviceOfItsOwn() throws {
    var asker = SimulatedUnits([:])
    asker.images[1] = [try image("huawei-sun2000"), try image("huawei-meter")]
    let found = scan.identify(unit: 1, asker: &asker)
    #expect(found.best?.profile.name == "huawei-sun2000")
    #expect(found.best?.certainty == .identified)
    #expect(found.best?.serial == "34119087")
    #expect(found.label.model == "SUN2000")
    #expect(found.parts.map(\.profile.name) == ["huawei-meter"])
    let yaml = ScanReport([ScannedBus(.tcp(host: "inverter", port: 502), units: [found])]).yaml
    #expect(yaml.contains { $0.contains("huawei-meter: {profile: huawei-meter, bus: tcp-inverter, unit: 1}") })
  }

  @Test func aDeviceThatNamesItselfIsNotAskedForEverythingElse() throws {
    var asker = SimulatedUnits([255: try image("keba-p30")])
    let found = scan.identify(unit: 255, asker: &asker)
    #expect(found.best?.profile.name == "keba-p30")
    let asked = Set(asker.questions.map(\.block.start))
    #expect(asked.isDisjoint(with: [19_000, 2999, 35_103, 0x5B00]))
    #expect(asker.questions.count < 60)
  }

  @Test func whoAnswersUnderAnyUnitIsAskedAsHisVendorWants() throws {
    var asker = SimulatedUnits([255: try image("keba-p30")], ignoresUnits: true)
    #expect(scan.isThere(unit: 1, asker: &asker))
    #expect(scan.isThere(unit: ScanPlan.nobody, asker: &asker))
    let found = scan.identify(unit: 1, ignoresUnits: true, asker: &asker)
    #expect(found.best?.profile.name == "keba-p30")
    #expect(found.best?.unit == 255)
  }

  @Test func nobodyIsThere() {
    var asker = SimulatedUnits([:])
    #expect(!scan.isThere(unit: 1, asker: &asker))
    #expect(!scan.isThere(unit: 255, thoroughly: true, asker: &asker))
  }

  /// Refusing everything is an answer, too.
  @Test func aRefusalIsAnAnswer() throws {
    var asker = SimulatedUnits([1: try image("eastron-sdm630")])
    #expect(scan.isThere(unit: 1, asker: &asker))
  }

  @Test func itEndsWhereNobodyMayAskAnyMore() throws {
    var asker = SimulatedUnits([1: try image("janitza-umg604")])
    asker.most = 20
    let found = scan.identify(unit: 1, asker: &asker)
    #expect(asker.questions.count == 20)
    #expect(found.isUnfinished)
    #expect(found.best == nil)
  }

  /// Each silence costs a timeout.
  @Test func aDeviceThatIsSilentAboutWhatItDoesNotKnow() throws {
    var asker = SimulatedUnits([1: try image("eastron-sdm630")])
    asker.isSilent = true
    let found = scan.identify(unit: 1, asker: &asker)
    #expect(asker.questions.count < 120)
    #expect(found.best?.profile.name == "eastron-sdm630")
  }

  @Test(arguments: [0, 1, 0x1234, 0x4366, 0x7FFF, 0x8000, 0xFFFF] as [UInt16])
  func aDeviceThatAnswersOneNumberEverywhere(_ number: UInt16) {
    var asker = SameNumber(number: number)
    let found = scan.identify(unit: 1, asker: &asker)
    #expect((found.best?.certainty ?? .vague) < .likely, "\(found.best?.profile.name ?? "")")
    if found.best == nil { #expect(!found.samples.isEmpty) }
  }

  @Test(arguments: 1...30) func aDeviceThatAnswersNoise(_ seed: UInt64) {
    var asker = Noise(random: SplitMix64(seed: seed))
    let found = scan.identify(unit: 1, asker: &asker)
    #expect(
      (found.best?.certainty ?? .vague) < .likely, "\(found.best?.profile.name ?? ""): \(found.best?.reasons ?? [])")
  }

  @Test func relaysAndContactsNeedNoProfile() {
    var asker = Board()
    let found = scan.identify(unit: 1, asker: &asker)
    #expect(found.best == nil)
    #expect(found.coilCount == 8 && found.inputCount == 4)
    let yaml = ScanReport([ScannedBus(.tcp(host: "board", port: 502), units: [found])]).yaml
    #expect(yaml.first == "buses:")
    #expect(yaml.contains { $0.contains("switch: tcp-board/1/coil/0") })
    #expect(yaml.contains { $0.contains("bus: tcp-board, unit: 1, input: 0") })
    #expect(!yaml.contains("devices:"))
  }

  @Test func aCommonModelAloneSaysNothingOfTheRegisters() throws {
    var asker = CommonModelOnly(own: SimulatedUnits([1: try image("janitza-umg604")]))
    let found = scan.identify(unit: 1, asker: &asker)
    #expect(found.map?.models.map(\.id) == [1])
    #expect(found.best?.profile.name == "janitza-umg604")
    #expect(found.label.manufacturer == "Somebody")
  }

  /// Inverter 103 and its meter 203 in one chain: the maker's sign of the meter is the one that counts.
  @Test func theMeterInAChainIsTheMakersOwn() {
    var asker = Chain(maker: "SolarEdge")
    let found = scan.identify(unit: 1, asker: &asker)
    #expect(found.label.manufacturer == "SolarEdge")
    #expect(found.map?.models.map(\.id) == [1, 103, 1, 203])
    #expect(found.best?.profile.name == "sunspec-inverter")
    #expect(found.parts.map(\.profile.name) == ["sunspec-solaredge-meter"])
    var other = Chain(maker: "Somebody")
    #expect(scan.identify(unit: 1, asker: &other).parts.map(\.profile.name) == ["sunspec-meter"])
  }
}

/// A device with a common model and nothing else of SunSpec; its registers are its own.
private struct CommonModelOnly: RegisterAsker {
  var chain = Chain(maker: "Somebody", isAlone: true)
  var own: SimulatedUnits

  mutating func ask(_ block: ReadBlock, unit: Int, pause: Duration, timeout: Duration?) -> ScanAnswer {
    let answer = chain.ask(block, unit: unit, pause: pause, timeout: timeout)
    if case .registers = answer { return answer }
    return own.ask(block, unit: unit, pause: pause, timeout: timeout)
  }
}

/// Eight relays and four contacts, and no register at all.
private struct Board: RegisterAsker {
  mutating func ask(_ block: ReadBlock, unit: Int, pause: Duration, timeout: Duration?) -> ScanAnswer {
    let count = block.space == .coil ? 8 : block.space == .discrete ? 4 : 0
    if count == 0 { return .refused(1) }
    return block.start + block.count <= count ? .registers(Array(repeating: 0, count: block.count)) : .refused(2)
  }
}

private struct SameNumber: RegisterAsker {
  let number: UInt16

  mutating func ask(_ block: ReadBlock, unit: Int, pause: Duration, timeout: Duration?) -> ScanAnswer {
    .registers(Array(repeating: number, count: block.count))
  }
}

private struct Noise: RegisterAsker {
  var random: SplitMix64

  mutating func ask(_ block: ReadBlock, unit: Int, pause: Duration, timeout: Duration?) -> ScanAnswer {
    .registers((0..<block.count).map { _ in UInt16(truncatingIfNeeded: random.next()) })
  }
}

/// A SunSpec chain with an inverter and a meter.
private struct Chain: RegisterAsker {
  private var registers: [Int: UInt16] = [:]

  init(maker: String, isAlone: Bool = false) {
    var next = 40_000
    func words(_ text: String, _ count: Int) -> [UInt16] {
      let bytes = Array(text.utf8) + Array(repeating: 0, count: 2 * count - text.utf8.count)
      return (0..<count).map { UInt16(bytes[2 * $0]) << 8 | UInt16(bytes[2 * $0 + 1]) }
    }
    func model(_ id: UInt16, _ data: [UInt16]) -> [UInt16] { [id, UInt16(data.count)] + data }
    func common(_ model: String, _ serial: String) -> [UInt16] {
      words(maker, 16) + words(model, 16) + words("", 8) + words("1.0", 8) + words(serial, 16) + [1]
    }
    // 103: amperes, volts, watts, hertz with their scale factors.
    var inverter = [UInt16](repeating: 0xFFFF, count: 50)
    inverter.replaceSubrange(0...4, with: [300, 100, 100, 100, 0xFFFF])
    inverter.replaceSubrange(8...11, with: [2301, 2302, 2303, 0xFFFF])
    inverter.replaceSubrange(12...15, with: [6900, 0, 5001, 0xFFFE])
    inverter[36] = 4
    // 203: amperes, volts, hertz, watts with their scale factors.
    var meter = [UInt16](repeating: 0x8000, count: 105)
    meter.replaceSubrange(0...4, with: [300, 100, 100, 100, 0xFFFF])
    meter.replaceSubrange(6...8, with: [2301, 2302, 2303])
    meter[13] = 0xFFFF
    meter.replaceSubrange(14...20, with: [5001, 0xFFFE, 6900, 2300, 2300, 2300, 0])
    let parts =
      isAlone ? [] : model(103, inverter) + model(1, common("Meter", "M-1")) + model(203, meter)
    let all = [0x5375, 0x6E53] + model(1, common("Inverter", "I-1")) + parts + [0xFFFF, 0]
    for word in all {
      registers[next] = word
      next += 1
    }
  }

  mutating func ask(_ block: ReadBlock, unit: Int, pause: Duration, timeout: Duration?) -> ScanAnswer {
    guard block.space == .holding else { return .refused(1) }
    let words = (block.start..<block.start + block.count).compactMap { registers[$0] }
    return words.count == block.count ? .registers(words) : .refused(2)
  }
}
