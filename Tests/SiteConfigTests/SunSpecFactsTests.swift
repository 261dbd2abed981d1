import DeviceProfile
import EnergyModel
import Foundation
import SiteConfig
import Testing

/// Every SunSpec register that a shipped profile uses agrees with the SunSpec Alliance's own definitions,
/// where a copy of these is at hand (`SUNSPEC_MODELS`, or `shared/devices/sunspec/json` beside the repository).
@Suite(.enabled(if: SunSpecModels.folder != nil, "the SunSpec model definitions are not on this machine"))
struct SunSpecFactsTests {
  /// What each point is in SunSpec, and what its number is multiplied by.
  static let names: [Point: [String]] = [
    .power: ["103.W"], .currentL1: ["103.AphA"], .currentL2: ["103.AphB"], .currentL3: ["103.AphC"],
    .voltageL1: ["103.PhVphA"], .voltageL2: ["103.PhVphB"], .voltageL3: ["103.PhVphC"], .frequency: ["103.Hz"],
    .apparentPower: ["103.VA"], .reactivePower: ["103.VAr"], .powerFactor: ["103.PF"], .energyProduced: ["103.WH"],
    .operatingState: ["103.St"], .pv1Voltage: ["160.1.DCV"], .pv2Voltage: ["160.2.DCV"], .pv1Power: ["160.1.DCW"],
    .pv2Power: ["160.2.DCW"], .pvPower: ["160.1.DCW", "160.2.DCW"], .pvEnergy: ["160.1.DCWH", "160.2.DCWH"],
    .batteryPower: ["160.4.DCW", "160.3.DCW"], .batteryEnergyCharged: ["160.3.DCWH"],
    .batteryEnergyDischarged: ["160.4.DCWH"], .batteryTemperature: ["160.3.Tmp"], .soc: ["802.SoC"], .soh: ["802.SoH"],
    .batteryState: ["802.State"], .alarms: ["802.Evt1"], .batteryVoltage: ["802.V"], .batteryCurrent: ["802.A"],
    .cellVoltageMax: ["802.CellVMax"], .cellVoltageMin: ["802.CellVMin"], .chargePowerMax: ["802.WChaRteMax"],
    .dischargePowerMax: ["802.WDisChaRteMax"], .acPowerRating: ["120.WRtg"], .productionLimit: ["123.WMaxLimPct"],
    .productionLimitActive: ["123.WMaxLim_Ena"], .storageControl: ["124.StorCtl_Mod"],
    .dischargeLimit: ["124.OutWRte"], .chargeLimit: ["124.InWRte"],
  ]

  private let hybrid: DeviceProfile
  private let models: SunSpecModels

  init() throws {
    hybrid = try ConfigurationLoader.loadProfile(file: TestFiles.profiles + "/sunspec-hybrid.yaml").get()
    models = try SunSpecModels([1, 103, 120, 121, 123, 124, 160, 802])
  }

  @Test func points() throws {
    for definition in hybrid.points {
      let names = try #require(Self.names[definition.point], "\(definition.point)")
      #expect(names.count == definition.terms.count)
      for (name, term) in zip(names, definition.terms) { try agrees(term.field, with: name) }
    }
  }

  @Test func signs() {
    for definition in hybrid.points {
      let expected = definition.point == .batteryPower ? [1.0, -1] : definition.terms.map { _ in 1 }
      #expect(definition.terms.map(\.sign) == expected, "\(definition.point)")
    }
  }

  @Test func serialNumber() throws {
    let fact = try #require(models.facts["1.SN"])
    #expect(hybrid.serial == TextField(address: .sunSpec(model: 1, offset: fact.offset), length: fact.size))
  }

  @Test func writes() throws {
    let expected = [
      "battery_limits": [
        ["124.StorCtl_Mod"], ["124.OutWRte", "124.InWRte", "124.InOutWRte_WinTms", "124.InOutWRte_RvrtTms"],
      ],
      "production_limit": [
        [
          "123.WMaxLimPct", "123.WMaxLimPct_WinTms", "123.WMaxLimPct_RvrtTms", "123.WMaxLimPct_RmpTms",
          "123.WMaxLim_Ena",
        ]
      ],
    ]
    #expect(Set(hybrid.commands.map(\.name)) == Set(expected.keys))
    for command in hybrid.commands {
      let names = try #require(expected[command.name])
      #expect(names.count == command.writes.count)
      for (write, names) in zip(command.writes, names) { try agrees(write, with: names) }
    }
  }

  private func agrees(_ write: RegisterWrite, with names: [String]) throws {
    guard case .sunSpec(let model, var offset) = write.start else { return #expect(Bool(false)) }
    #expect(names.count == write.values.count)
    for (value, name) in zip(write.values, names) {
      let fact = try #require(models.facts[name], "\(name)")
      #expect(fact.model == model && fact.offset == offset, "\(name)")
      #expect(fact.isWritable, "\(name)")
      #expect((value == .reversionTime) == name.hasSuffix("RvrtTms"))
      if case .parameter(_, let field, let reference, _) = value {
        try agrees(field, with: name)
        let whole = try #require(reference)
        try agrees(whole, with: model == 124 ? "124.WChaMax" : "121.WMax")
      }
      offset += fact.size
    }
  }

  private func agrees(_ field: RegisterField, with name: String) throws {
    let fact = try #require(models.facts[name], "\(name)")
    #expect(field.address == .sunSpec(model: fact.model, offset: fact.offset), "\(name)")
    #expect(field.type.rawValue == fact.type, "\(name)")
    // Power factor is a percentage in SunSpec and a share here.
    let times = name == "103.PF" ? 0.01 : 1
    if let factor = fact.scaleFactor {
      let offset = try #require(models.facts["\(fact.model).\(factor)"]).offset
      #expect(field.scale == .factor(.sunSpec(model: fact.model, offset: offset), times: times), "\(name)")
    } else {
      #expect(field.scale == .literal(1), "\(name)")
    }
  }
}
