import DeviceProfile
import EnergyModel
import SiteSimulator
import Testing

@Suite struct ProfileImageTests {
  /// Fields of the test's own, none like the other.
  private static let odd = DeviceProfile(
    name: "odd", title: "t", source: "s", confidence: .single,
    connection: ConnectionRules(maximumClients: 1, idleClose: .seconds(120)),
    reading: ReadingRules(maximumRegisters: 10, maximumGap: 2),
    points: [
      PointDefinition(
        .power,
        [
          .init(
            RegisterField(address: .absolute(.holding, 10), type: .int32, order: .lowFirst, scale: .literal(0.1)),
            sign: -1)
        ]),
      PointDefinition(
        .energyImport,
        [.init(RegisterField(address: .absolute(.holding, 12), type: .uint64, order: .lowFirst, scale: .literal(10)))]),
      PointDefinition(
        .voltageL1, [.init(RegisterField(address: .absolute(.input, 7), type: .float32, order: .lowFirst))]),
      PointDefinition(
        .temperature,
        [.init(RegisterField(address: .absolute(.holding, 17), type: .uint16, scale: .literal(0.5), plus: -40))]),
      PointDefinition(
        .batteryPower,
        [
          .init(RegisterField(address: .absolute(.holding, 18), type: .uint16, notImplemented: [0x7FFF])),
          .init(RegisterField(address: .absolute(.holding, 19), type: .uint16), sign: -1),
        ]),
      PointDefinition(
        .relayOn, [.init(RegisterField(address: .absolute(.holding, 21), type: .uint16, mask: 0b1000))]),
      PointDefinition(
        .contact, [.init(RegisterField(address: .absolute(.holding, 21), type: .uint16, mask: 0b0010))]),
      PointDefinition(
        .reactivePower,
        [
          .init(
            RegisterField(address: .absolute(.holding, 22), type: .uint16),
            negative: RegisterField(address: .absolute(.holding, 23), type: .uint16))
        ]),
      PointDefinition(
        .apparentPower,
        [
          .init(RegisterField(address: .absolute(.holding, 24), type: .uint16)),
          .init(RegisterField(address: .absolute(.holding, 30), type: .uint16, scale: .literal(65_536))),
        ]),
      PointDefinition(
        .heatPumpState,
        [
          .init(RegisterField(address: .absolute(.coil, 1), type: .bit)),
          .init(RegisterField(address: .absolute(.coil, 2), type: .bit, scale: .literal(2))),
        ], values: [1: 1, 0: 2, 2: 3, 3: 4]),
    ])

  /// Words written down by hand, so that a mistake made on both sides shows.
  @Test func registersAreAsTheyAreWrittenDownByHand() throws {
    var client = ProfileClient(
      Self.odd,
      [
        .power: 123_456, .energyImport: 1_234_567_890_120, .voltageL1: 230.5, .temperature: -12.5, .batteryPower: -700,
        .relayOn: 1, .contact: 0, .reactivePower: -55, .apparentPower: 70_000, .heatPumpState: 3,
      ])
    // −1234560 is 0xFFED2980.
    #expect(try client.read(.holding, 10, 2) == [0x2980, 0xFFED])
    // 123456789012 is 0x1C_BE99_1A14.
    #expect(try client.read(.holding, 12, 4) == [0x1A14, 0xBE99, 0x001C, 0])
    // 230.5 is 0x43668000.
    #expect(try client.read(.input, 7, 2) == [0x8000, 0x4366])
    #expect(try client.read(.holding, 17, 3) == [55, 0, 700])
    #expect(try client.read(.holding, 21, 4) == [0b1000, 55, 1, 4464])
    #expect(try client.read(.holding, 30, 1) == [1])
    #expect(try client.read(.coil, 1, 2) == [0, 1])
    let readings = try client.readings()
    #expect(readings[.power]?.value == 123_456 && readings[.batteryPower]?.value == -700)
    #expect(readings[.apparentPower]?.value == 70_000 && readings[.heatPumpState]?.value == 3)
    #expect(readings[.reactivePower]?.value == -55 && readings[.contact]?.value == 0)
  }

  @Test func whatHasNoValueIsNotImplementedAndWhatIsUnknownIsNotThere() throws {
    var client = ProfileClient(Self.odd)
    #expect(try client.read(.holding, 18, 1) == [0x7FFF])
    let readings = try client.readings()
    #expect(readings[.batteryPower]?.quality == .notImplemented && readings[.voltageL1]?.quality == .notImplemented)
    #expect(throws: ModbusException.illegalDataAddress) { try client.read(.holding, 26, 1) }
    #expect(throws: ModbusException.illegalDataValue) { try client.read(.holding, 10, 11) }
    #expect(throws: ModbusException.illegalFunction) { try client.read(.discrete, 1, 1) }
    #expect(throws: ModbusException.illegalFunction) {
      try client.image.answer(.writeRegister(address: 10, value: 1))
    }
    var single = Self.odd
    single.reading.isOneValuePerRequest = true
    client = ProfileClient(single, [.power: 1])
    #expect(try client.read(.holding, 10, 2).count == 2)
    #expect(throws: ModbusException.illegalDataValue) { try client.read(.holding, 10, 1) }
    #expect(throws: ModbusException.illegalDataAddress) { try client.read(.holding, 11, 1) }
    #expect(client.image.mostClients == 1 && client.image.idleClose == .seconds(120))
  }

  /// A value that every point of a profile can say, different from point to point.
  func values(_ profile: DeviceProfile, _ round: Int) -> [Point: Double] {
    var random = Random(seed: UInt64(round), stream: 7)
    var values: [Point: Double] = [:]
    let map = ProfileImage(profile).map
    let points = profile.points.map { $0.expanded(on: map) }
    let single = Set(points.filter { $0.terms.count == 1 }.map { $0.terms[0].field.address })
    for definition in points {
      let isPart = definition.terms.count > 1 && definition.terms.contains { single.contains($0.field.address) }
      let tellsDirection = points.flatMap(\.terms).contains {
        $0.negative?.address == definition.terms[0].field.address
      }
      guard !isPart, !tellsDirection else { continue }
      // A device with one phase shows the same register as two points.
      let twin = profile.points.first { values[$0.point] != nil && $0.terms == definition.terms }
      var value = twin.flatMap { values[$0.point] } ?? value(definition, &random)
      // One register tells the direction of several points.
      if definition.terms[0].negative != nil {
        value = abs(value) * definition.terms[0].sign * (round % 2 == 0 ? 1 : -1)
      }
      values[definition.point] = value
    }
    return values
  }

  private func value(_ definition: PointDefinition, _ random: inout Random) -> Double {
    func any(_ choices: some Collection<Double>) -> Double {
      let sorted = choices.sorted()
      return sorted[Int(random.unit() * Double(sorted.count))]
    }
    if !definition.values.isEmpty { return any(Set(definition.values.values)) }
    if let table = definition.terms.map(\.field.values).first(where: { !$0.isEmpty }) {
      return any(Set(table.values)) * definition.terms[0].sign
    }
    if definition.terms.contains(where: { $0.field.mask != nil || $0.field.type == .bit }) { return any([0, 1]) }
    let plausible = definition.range?.clamped(to: definition.point.plausibleRange) ?? definition.point.plausibleRange
    let (least, most) = Self.reach(definition)
    let lower = max(plausible.lowerBound, least, min(-5000, plausible.upperBound))
    let upper = max(lower, min(plausible.upperBound, most, max(6000, plausible.lowerBound + 100)))
    let decimals = definition.point.resolution
    // Whole steps of what is recorded, and not zero, which an accumulator cannot say.
    let value = (random.between(lower...upper) / decimals).rounded() * decimals
    return value == 0 ? min(1, upper) : value
  }

  /// What the fields of a point can say; scale factors move along with the value.
  private static func reach(_ definition: PointDefinition) -> (Double, Double) {
    // The simulated device has the first of several.
    let terms = definition.combination == .first ? Array(definition.terms.prefix(1)) : definition.terms
    let ranges = terms.map { term -> (Double, Double) in
      guard let type = WireType(rawValue: term.field.type.rawValue) else { return (0, 1) }
      var step = term.sign
      if case .literal(let scale) = term.field.scale { step *= scale } else { step *= 1e3 }
      let (lower, upper) = (min(0, type.range.lowerBound + 1), type.range.upperBound - 1)
      let ends = [lower * step + term.field.plus, upper * step + term.field.plus]
      let most = ends.map(abs).max() ?? 0
      return term.negative != nil ? (-most, most) : (ends.min() ?? 0, ends.max() ?? 0)
    }
    return (ranges.map(\.0).min() ?? 0, ranges.map(\.1).max() ?? 0)
  }

  @Test(arguments: ProfileClient.shipped)
  func everyShippedProfileReadsBackWhatItsDeviceHas(name: String) throws {
    let profile = try ProfileClient.profile(name)
    var wrong: Set<String> = []
    for round in 0..<12 {
      let values = values(profile, round)
      var client = ProfileClient(profile, values)
      let readings = try client.readings()
      for (point, value) in values {
        let reading = try #require(readings[point])
        // Half a step of the register where it is coarser than what is recorded.
        let steps = profile.points.first { $0.point == point }?.terms.map { client.image.step(of: $0.field) } ?? []
        let tolerance = max(steps.map(abs).max() ?? 0, point.resolution) * 0.5001
        if reading.quality != .good || abs((reading.value ?? .nan) - value) > tolerance {
          wrong.insert("\(value) reads \(reading)")
        }
      }
      #expect(values.count > 0)
    }
    #expect(wrong.isEmpty, "\(wrong.count): \(wrong.sorted().prefix(8).joined(separator: ", "))")
  }

  /// The battery takes 2429 W in a field of its own: a value below zero makes no scale factor coarser.
  @Test func anUnsignedFieldOfTheOtherDirectionKeepsItsScaleFactor() throws {
    let values: [Point: Double] = [.pv1Power: 2581, .pv2Power: 2594, .pvPower: 5175, .batteryPower: -2429]
    var client = ProfileClient(try ProfileClient.profile("sunspec-hybrid"), values)
    let readings = try client.readings()
    for (point, value) in values { #expect(readings[point]?.value == value) }
  }

  /// Each type has a pattern of its own for it: 0xFFFF is −1 of a signed number and no text.
  @Test func modelsOfWhichNobodySaysAnythingAreNotImplemented() throws {
    var client = ProfileClient(try ProfileClient.profile("sunspec-hybrid"))
    let map = try #require(client.image.map)
    func words(_ id: Int, _ offset: Int, _ count: Int) throws -> [UInt16] {
      let model = try #require(map.models.first { $0.id == id })
      return try client.read(.holding, model.address + offset, count)
    }
    // 103: A, AphA, W and W_SF, WH.
    #expect(try words(103, 2, 2) == [0xFFFF, 0xFFFF])
    #expect(try words(103, 14, 2) == [0x8000, 0x8000])
    #expect(try words(103, 24, 2) == [0, 0])
    // 160: N, and of module 2 ID, text, DCA and Tmp.
    #expect(try words(160, 30, 2) == [0xFFFF, 0])
    #expect(try words(160, 39, 1) == [0xFFFF])
    #expect(try words(160, 46, 1) == [0x8000])
    #expect(try words(160, 8, 1) == [4])
  }

  @Test(arguments: ProfileClient.shipped)
  func everyShippedProfileIsWithoutValuesAtFirst(name: String) throws {
    let profile = try ProfileClient.profile(name)
    var client = ProfileClient(profile, serial: "12345678")
    for (point, reading) in try client.readings() where reading.quality == .good {
      // Types without a pattern for it read zero, whatever that stands for; references have the rating.
      let isWords = profile.points.first { $0.point == point }?.terms.contains { !$0.field.values.isEmpty } ?? false
      let zero = profile.points.first { $0.point == point }?.terms[0].field.plus
      #expect(isWords || reading.value == zero || reading.value == 10_000, "\(point.rawValue): \(reading)")
    }
    if profile.serial != nil { #expect(try client.serial() == "12345678") }
  }

  /// The registers that the profiles' evidence writes down, against those that the simulated devices make of the values.
  @Test func registersAreThoseOfTheEvidence() throws {
    var compared = 0
    for name in ProfileClient.shipped {
      let profile = try ProfileClient.profile(name)
      for evidence in profile.evidence { compared += try compare(evidence, profile) }
    }
    #expect(compared > 200)
  }

  private func compare(_ evidence: Evidence, _ profile: DeviceProfile) throws -> Int {
    var values: [Point: Double] = [:]
    for case (let point, .value(let value)) in evidence.points { values[point] = value }
    let image = ProfileClient(profile, values).image
    var compared = 0
    for definition in profile.points where values[definition.point] != nil && definition.terms.count == 1 {
      let field = definition.terms[0].field
      guard case .absolute(let space, let address) = field.address, case .literal = field.scale, field.mask == nil,
        field.values.isEmpty, definition.values.isEmpty, let type = WireType(rawValue: field.type.rawValue)
      else { continue }
      let written = Self.words(evidence, space, address, type.width)
      guard written.count == type.width else { continue }
      let made = try Self.number(image.words(space, address, type.width), field, type)
      let expected = Self.number(written, field, type)
      let tolerance = type == .float32 || type == .float64 ? abs(expected) * 1e-4 + 1e-6 : 1
      #expect(abs(made - expected) <= tolerance, "\(profile.name) \(definition.point.rawValue): not \(expected)")
      compared += 1
    }
    return compared
  }

  private static func words(_ evidence: Evidence, _ space: RegisterSpace, _ address: Int, _ count: Int) -> [UInt16] {
    (address..<address + count).compactMap { address in
      for block in evidence.blocks {
        guard case .absolute(space, let start) = block.start, block.registers.indices.contains(address - start) else {
          continue
        }
        return block.registers[address - start]
      }
      return nil
    }
  }

  private static func number(_ words: [UInt16], _ field: RegisterField, _ type: WireType) -> Double {
    type.number((field.order == .lowFirst ? words.reversed() : words).reduce(0) { $0 << 16 | UInt64($1) })
  }
}

extension ProfileImage {
  /// Registers as they stand, whatever the device's rules for reading.
  fileprivate func words(_ space: RegisterSpace, _ address: Int, _ count: Int) throws -> [UInt16] {
    try (address..<address + count).map { address in
      try #require(word(space, address))
    }
  }
}
