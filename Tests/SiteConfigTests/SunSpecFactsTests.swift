import DeviceProfile
import EnergyModel
import Foundation
import SiteConfig
import Testing

/// Every SunSpec register that a shipped profile uses agrees with the SunSpec Alliance's own definitions,
/// where a copy of these is at hand (`SUNSPEC_MODELS`, or `shared/devices/sunspec/json` beside the repository).
@Suite(.enabled(if: SunSpecModels.folder != nil, "the SunSpec model definitions are not on this machine"))
struct SunSpecFactsTests {
  static let profiles = ((try? FileManager.default.contentsOfDirectory(atPath: TestFiles.profiles)) ?? [])
    .filter { $0.hasPrefix("sunspec-") }.sorted()

  private let models: SunSpecModels

  init() throws { models = try SunSpecModels(SunSpecModels.all()) }

  private func load(_ file: String) throws -> DeviceProfile {
    try ConfigurationLoader.loadProfile(file: TestFiles.profiles + "/" + file).get()
  }

  @Test func thereAreProfiles() { #expect(Self.profiles.count >= 8) }

  @Test("each register is a point of that name, with its type and scale factor", arguments: profiles)
  func points(file: String) throws {
    for definition in try load(file).points {
      let expected = try #require(SunSpecNames.of[definition.point], "\(definition.point)")
      for term in definition.terms {
        let found = try agrees(term.field, definition.point)
        #expect(expected.contains(found), "\(definition.point) reads \(found)")
        guard found.hasPrefix("Prt.") else { continue }
        // Which of the ports: 0 strings, 1 batteries.
        #expect(term.condition?.numbers == [definition.point.rawValue.hasPrefix("pv") ? 0 : 1])
        #expect(try term.condition.map { try agrees($0.field, nil) } == "Prt.PrtTyp")
      }
    }
  }

  /// The first four letters of what a module of model 160 is called: where they are depends on how many trackers there are.
  @Test(
    "modules that may be a battery's are told by their names, strings have numbers as well",
    arguments: ["sunspec-hybrid.yaml", "sunspec-fronius-gen24.yaml"])
  func modules(file: String) throws {
    let name = try #require(models.facts["160.module.IDStr"])
    let letters = ["MPPT": 0x4D50_5054, "StCh": 0x5374_4368, "StDi": 0x5374_4469].mapValues { Set([Double($0)]) }
    let (strings, charging, discharging) = (letters["MPPT"], letters["StCh"], letters["StDi"])
    let expected: [Point: [Set<Double>?]] = [
      .pv1Voltage: [strings], .pv2Voltage: [strings], .pv1Power: [strings], .pv2Power: [strings], .pvPower: [strings],
      .pvEnergy: [strings], .batteryPower: [discharging, charging], .batteryEnergyCharged: [charging],
      .batteryEnergyDischarged: [discharging], .batteryTemperature: [charging],
    ]
    let numbers: [Point: Int] = [.pv1Voltage: 1, .pv1Power: 1, .pv2Voltage: 2, .pv2Power: 2]
    for definition in try load(file).points {
      let terms = definition.terms.filter { group($0.field) != nil }
      guard !terms.isEmpty else { continue }
      #expect(terms.map { $0.condition?.numbers } == expected[definition.point], "\(definition.point)")
      for term in terms {
        #expect(group(term.field)?.repetition == numbers[definition.point], "\(definition.point)")
        guard case .sunSpec(let place)? = term.condition?.field.address else { return #expect(Bool(false)) }
        #expect(place.offset == name.offset && term.condition?.field.type == .uint32)
        // A tracker may have no string; what the battery does is never taken for nothing.
        #expect(term.isOptional == [.pvPower, .pvEnergy].contains(definition.point), "\(definition.point)")
      }
    }
  }

  @Test("signs are turned round where they have to be, and nowhere else", arguments: profiles)
  func signs(file: String) throws {
    for definition in try load(file).points {
      let isMeter = file == "sunspec-solaredge-meter.yaml" && definition.point.rawValue.hasPrefix("power")
      for term in definition.terms {
        // The module that charges ("StCh"): Fronius counts both directions up.
        let charges = definition.point == .batteryPower && term.condition?.numbers == [0x5374_4368]
        #expect(term.sign == (isMeter || charges ? -1 : 1), "\(definition.point)")
      }
    }
  }

  @Test("the serial number", arguments: profiles)
  func serialNumber(file: String) throws {
    let fact = try #require(models.facts["1.SN"])
    let instance = file == "sunspec-solaredge-meter.yaml" ? 2 : 1
    let address = SunSpecAddress(models: [1], instance: instance, offset: fact.offset)
    #expect(try load(file).serial == TextField(address: .sunSpec(address), length: fact.size))
  }

  @Test("what commands write", arguments: profiles)
  func writes(file: String) throws {
    let profile = try load(file)
    let expected = SunSpecNames.writes[file] ?? [:]
    #expect(Set(profile.commands.map(\.name)) == Set(expected.keys))
    for command in profile.commands {
      let names = try #require(expected[command.name])
      #expect(names.count == command.writes.count)
      for (write, names) in zip(command.writes, names) { try agrees(write, with: names) }
    }
  }

  @Test("the bit that tells of an island", arguments: ["sunspec-der-inverter.yaml", "sunspec-der-storage.yaml"])
  func island(file: String) throws {
    let bit = try #require(models.facts["701.DERMode"]?.symbols["GRID_FORMING"])
    let islanded = try #require(load(file).points.first { $0.point == .islanded })
    #expect(bit == 1)
    #expect(islanded.terms.map(\.field.mask) == [1 << UInt64(bit)])
  }

  private func group(_ field: RegisterField) -> SunSpecGroup? {
    if case .sunSpec(let address) = field.address { address.groups.first } else { nil }
  }

  /// The name of what a field reads, the same in all models that it may be in.
  private func agrees(_ field: RegisterField, _ point: Point?) throws -> String {
    guard case .sunSpec(let place) = field.address else { return "no SunSpec register" }
    let groups = place.groups.map { SunSpecGroup(start: $0.start, size: $0.size, count: $0.count) }
    var names: Set<String> = []
    for model in place.models {
      let found = models.facts.filter {
        $0.value.model == model && $0.value.groups == groups && $0.value.offset == place.offset
      }
      let (name, fact) = try #require(found.first, "\(place)")
      #expect(field.type.rawValue == fact.type, "\(name)")
      #expect(field.order == .highFirst && field.notImplemented.isEmpty && field.plus == 0)
      // Power factor is a percentage in models 101 to 113 and a share here.
      let times = point == .powerFactor && model < 200 ? 0.01 : 1
      if let offset = fact.scaleFactor {
        var factor = place
        (factor.groups, factor.offset) = ([], offset)
        #expect(field.scale == .factor(.sunSpec(factor), times: times), "\(name)")
      } else {
        #expect(field.scale == .literal(times), "\(name)")
      }
      names.insert(String(name.drop { $0 != "." }.dropFirst()))
    }
    #expect(names.count == 1, "\(names)")
    return names.first ?? ""
  }

  private func agrees(_ write: RegisterWrite, with names: [String]) throws {
    guard case .sunSpec(let place) = write.start, let model = place.models.first else { return #expect(Bool(false)) }
    var offset = place.offset
    var values = write.values[...]
    for name in names {
      let fact = try #require(models.facts[name], "\(name)")
      #expect(fact.model == model && fact.groups == [] && fact.offset == offset, "\(name)")
      #expect(fact.isWritable, "\(name)")
      var width = 0
      var last: WriteValue?
      while width < fact.size, let value = values.popFirst() {
        width += value.width
        last = value
      }
      #expect(width == fact.size, "\(name)")
      // What is handed back has its timer off.
      let isOff = last == .constant(0) && !write.only.isEmpty
      #expect((last == .reversionTime || isOff && name.hasSuffix("RvrtTms")) == name.hasSuffix("RvrtTms"), "\(name)")
      if case .parameter(_, var field, let reference, let most)? = last {
        field.address = .sunSpec(model: model, offset: offset)
        #expect(try agrees(field, nil) == String(name.drop { $0 != "." }.dropFirst()))
        #expect(most == nil)
        let whole = [123: "WMax", 124: "WChaMax", 704: "WMax"][model]
        #expect(try reference.map { try agrees($0, nil) } == (field.type == .int32 ? nil : whole))
      }
      offset += fact.size
    }
    #expect(values.isEmpty)
  }
}

extension WriteValue {
  fileprivate var width: Int {
    switch self {
    case .constant, .reversionTime: 1
    case .parameter(_, let field, _, _), .failsafeCurrent(let field): field.type.width
    }
  }
}
