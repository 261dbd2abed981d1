import EnergyModel
import Testing

@testable import DeviceProfile

/// Points in groups that repeat: which registers they are, and what they read.
@Suite struct SunSpecRepetitionTests {
  /// The ports of model 714, counted by NPrt.
  private static let port = SunSpecGroup(start: .init(20), size: .init(25), count: 4)

  private func field(
    _ model: Int, _ groups: [SunSpecGroup], _ offset: Int, _ type: RegisterType, instance: Int? = 1, factor: Int? = nil
  ) -> RegisterField {
    let place = SunSpecAddress(models: [model], instance: instance, groups: groups, offset: offset)
    var scale = place
    scale.groups = []
    scale.offset = factor ?? 0
    return RegisterField(
      address: .sunSpec(place), type: type, scale: factor == nil ? .literal(1) : .factor(.sunSpec(scale), times: 1))
  }

  /// The sum of the ports of some types, DCW with its scale factor.
  private func power(_ point: Point, types: Set<Double>) -> PointDefinition {
    let type = field(714, [Self.port], 0, .uint16)
    let power = field(714, [Self.port], 12, .int16, factor: 17)
    return PointDefinition(point, [.init(power, condition: .init(type, isOneOf: types))])
  }

  /// A device with model 714 of `ports`, type and power each, and room for some more.
  private func device(_ ports: [(UInt16, Int16)], counted: UInt16? = nil, room: Int = 0) -> SunSpecDevice {
    var device = SunSpecDevice(at: 0, models: [(1, 66), (714, 18 + 25 * (ports.count + room))])
    device.registers[74] = counted ?? UInt16(ports.count)
    device.registers[87] = 1
    for (index, port) in ports.enumerated() {
      device.registers[90 + 25 * index] = port.0
      device.registers[90 + 25 * index + 12] = UInt16(bitPattern: port.1)
    }
    return device
  }

  private func readings(_ points: [PointDefinition], _ device: SunSpecDevice) -> [Reading] {
    let profile = Profiles.sunSpec(points)
    guard let map = device.map(counting: profile.countedRepetitions) else { return [] }
    let plan = ResolvedProfile(profile, map: map).readPlan
    return plan.decode(plan.image(device.registers))
  }

  @Test("the type of a port says what it counts for")
  func ports() {
    let points = [power(.pvPower, types: [0]), power(.batteryPower, types: [1])]
    let device = device([(0, 300), (1, -120), (0, 55)])
    #expect(readings(points, device) == [Reading(.pvPower, 3550), Reading(.batteryPower, -1200)])
    #expect(
      readings(points, self.device([(0, 300), (2, 9)])) == [
        Reading(.pvPower, 3000), Reading(.batteryPower, quality: .notImplemented),
      ])
  }

  @Test("a port whose type or power is not told makes the sum unknown, another's power does not")
  func unknownPorts() {
    let points = [power(.pvPower, types: [0])]
    #expect(readings(points, device([(0, 300), (0xFFFF, 55)]))[0].quality == .notImplemented)
    #expect(readings(points, device([(0, 300), (0, .min)]))[0].quality == .notImplemented)
    #expect(readings(points, device([(0, 300), (1, .min)])) == [Reading(.pvPower, 3000)])
  }

  @Test("an optional port that is not implemented is left out, as long as another is there")
  func optionalPorts() {
    var strings = power(.pvPower, types: [0])
    strings.terms[0].isOptional = true
    #expect(readings([strings], device([(0, 300), (0, .min)])) == [Reading(.pvPower, 3000)])
    #expect(readings([strings], device([(0, .min), (0, .min)]))[0].quality == .notImplemented)
    // Of which kind it is has to be known all the same.
    #expect(readings([strings], device([(0, 300), (0xFFFF, 55)]))[0].quality == .notImplemented)
  }

  @Test("what is counted has to have room; what is not counted is left alone")
  func counted() {
    let points = [power(.pvPower, types: [0])]
    #expect(readings(points, device([(0, 300), (0, 7)], counted: 1)) == [Reading(.pvPower, 3000)])
    #expect(readings(points, device([(0, 300)], room: 2)) == [Reading(.pvPower, 3000)])
    for count: UInt16 in [0, 3, 1000, 0xFFFE, 0xFFFF] {
      #expect(readings(points, device([(0, 300), (0, 7)], counted: count))[0].quality == .notImplemented, "\(count)")
    }
  }

  @Test("another number of repetitions, ID or L is noticed in what a poll reads")
  func moved() throws {
    let profile = Profiles.sunSpec([power(.pvPower, types: [0])])
    let device = device([(0, 300), (0, 7)])
    let map = try #require(device.map(counting: profile.countedRepetitions))
    let plan = ResolvedProfile(profile, map: map).readPlan
    #expect(plan.blocks.count == 1)
    #expect(plan.movedModel(in: plan.image(device.registers)) == nil)
    for address in [70, 71, 74] {
      let changed = device.registers.merging([address: 1]) { $1 }
      #expect(plan.movedModel(in: plan.image(changed))?.id == 714, "\(address)")
    }
    // What was not read says nothing.
    #expect(plan.movedModel(in: plan.emptyImage()) == nil)
  }

  @Test("as many repetitions as there is room for, where nothing counts them", arguments: [48, 49, 67, 68])
  func rest(length: Int) {
    let module = SunSpecGroup(start: .init(10), size: .init(20))
    var device = SunSpecDevice(at: 0, models: [(1, 66), (160, length)])
    for (index, power) in [100, 20, 3].enumerated() { device.registers[70 + 10 + 20 * index + 11] = UInt16(power) }
    let sum = PointDefinition(.pvPower, [.init(field(160, [module], 11, .uint16))])
    #expect(readings([sum], device) == [Reading(.pvPower, length < 68 ? 120 : 123)])
    var second = module
    second.repetition = 2
    var third = module
    third.repetition = 3
    let one = { (group: SunSpecGroup) in PointDefinition(.pv2Power, [.init(self.field(160, [group], 11, .uint16))]) }
    #expect(readings([one(second)], device) == [Reading(.pv2Power, 20)])
    #expect(readings([one(third)], device)[0].quality == (length < 68 ? .notImplemented : .good))
  }

  @Test("the strings of a battery are models of their own, each with its modules and its scale factor")
  func strings() {
    let module = SunSpecGroup(start: .init(48), size: .init(16), count: 3)
    var device = SunSpecDevice(at: 0, models: [(1, 66), (804, 78), (1, 65), (804, 46)])
    let (first, second) = (70, 70 + 80 + 67)
    let millivolts: Int16 = -3
    for (start, cells) in [(first, [(3400, 3310), (3420, 3305)]), (second, [(3390, 3320)])] {
      device.registers[start + 3] = UInt16(cells.count)
      device.registers[start + 43] = UInt16(bitPattern: millivolts)
      for (index, cell) in cells.enumerated() where start == first || index == 0 {
        device.registers[start + 48 + 16 * index + 3] = UInt16(cell.0)
        device.registers[start + 48 + 16 * index + 5] = UInt16(cell.1)
      }
    }
    // The second string has no room for the module that it counts.
    let highest = field(804, [module], 3, .uint16, instance: nil, factor: 43)
    let lowest = field(804, [module], 5, .uint16, instance: nil, factor: 43)
    let points = [
      PointDefinition(.cellVoltageMax, [.init(highest)], combination: .highest),
      PointDefinition(.cellVoltageMin, [.init(lowest)], combination: .lowest),
    ]
    #expect(readings(points, device) == [Reading(.cellVoltageMax, 3.42), Reading(.cellVoltageMin, 3.305)])
    // A string that has room for its module.
    var whole = SunSpecDevice(at: 0, models: [(1, 66), (804, 78), (1, 65), (804, 62)])
    whole.registers.merge(device.registers.filter { $0.key < second + 64 && $0.key != second + 1 }) { $1 }
    #expect(readings(points, whole) == [Reading(.cellVoltageMax, 3.42), Reading(.cellVoltageMin, 3.305)])
    whole.registers[second + 48 + 3] = 3450
    whole.registers[second + 43] = 0xFFFE
    #expect(readings(points, whole)[0].quality == .outOfRange)
    whole.registers[second + 43] = 0x8000
    #expect(readings(points, whole)[0].quality == .notImplemented)
  }

  @Test("groups inside groups, whose length depends on a number")
  func nested() {
    // Model 705: NPt at 7, NCrv at 8; a curve of 10 registers and NPt points of 2.
    let point = SunSpecGroup(start: .init(10), size: .init(2), count: 7)
    let curve = SunSpecGroup(start: .init(17), size: .init(10, each: 2, count: 7), count: 8)
    var device = SunSpecDevice(at: 0, models: [(1, 66), (705, 15 + 2 * 16)])
    device.registers[77] = 3
    device.registers[78] = 2
    for curve in 0..<2 {
      for point in 0..<3 {
        device.registers[87 + 16 * curve + 10 + 2 * point] = UInt16(10 * curve + point + 1)
      }
    }
    let all = PointDefinition(.power, [.init(field(705, [curve, point], 0, .uint16))])
    #expect(readings([all], device) == [Reading(.power, 1 + 2 + 3 + 11 + 12 + 13)])
    var (second, third) = (curve, point)
    (second.repetition, third.repetition) = (2, 3)
    #expect(
      readings([PointDefinition(.power, [.init(field(705, [second, third], 0, .uint16))])], device)[0].value == 13)
    #expect(
      readings([PointDefinition(.power, [.init(field(705, [second, point], 0, .uint16))])], device)[0].value == 36)
    device.registers[77] = 4
    #expect(readings([all], device)[0].quality == .notImplemented)
  }

  @Test("the first of several that the device has and implements; a failure is no reason to take another")
  func first() {
    let definition = PointDefinition(
      .soc, [802, 713, 124].map { .init(RegisterField(address: .sunSpec(model: $0, offset: 4), type: .uint16)) },
      combination: .first)
    var device = SunSpecDevice(at: 0, models: [(1, 66), (713, 7), (124, 24)])
    device.registers[74] = 50
    device.registers[83] = 60
    #expect(readings([definition], device) == [Reading(.soc, 50)])
    device.registers[74] = 0xFFFF
    #expect(readings([definition], device) == [Reading(.soc, 60)])
    device.registers[83] = 0xFFFF
    #expect(readings([definition], device) == [Reading(.soc, quality: .notImplemented)])
    let plan = ResolvedProfile(Profiles.sunSpec([definition]), map: device.map()).readPlan
    var image = plan.image(device.registers.merging([74: 50, 83: 60]) { $1 })
    image.blocks[0] = .timeout
    #expect(plan.decode(image) == [Reading(.soc, quality: .timeout)])
  }
}
