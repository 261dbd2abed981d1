import EnergyModel

/// What points and writes of the shipped profiles are called in SunSpec's definitions.
enum SunSpecNames {
  /// By point: the names it may have, with the groups around it, whatever the model.
  static let of: [Point: Set<String>] = [
    .power: ["W"], .powerL1: ["WphA", "WL1"], .powerL2: ["WphB", "WL2"], .powerL3: ["WphC", "WL3"],
    .currentL1: ["AphA", "AL1"], .currentL2: ["AphB", "AL2"], .currentL3: ["AphC", "AL3"],
    .voltageL1: ["PhVphA", "VL1"], .voltageL2: ["PhVphB", "VL2"], .voltageL3: ["PhVphC", "VL3"], .frequency: ["Hz"],
    .apparentPower: ["VA"], .reactivePower: ["VAr", "VAR", "Var"], .powerFactor: ["PF"],
    .energyProduced: ["WH", "TotWhInj"],
    .energyImport: ["TotWhImp"], .energyExport: ["TotWhExp"], .operatingState: ["St", "InvSt"],
    .pv1Voltage: ["module.DCV"], .pv2Voltage: ["module.DCV"], .pv1Power: ["module.DCW"], .pv2Power: ["module.DCW"],
    .pvPower: ["module.DCW", "Prt.DCW"], .pvEnergy: ["module.DCWH", "Prt.DCWhInj"],
    .batteryPower: ["module.DCW", "Prt.DCW", "DCW", "W"], .batteryEnergyCharged: ["module.DCWH", "Prt.DCWhAbs"],
    .batteryEnergyDischarged: ["module.DCWH", "Prt.DCWhInj"],
    .batteryTemperature: ["module.Tmp", "ModTmpMax", "Prt.Tmp"],
    .soc: ["SoC", "ChaState"], .soh: ["SoH"], .batteryState: ["State", "ChaSt", "Sta"], .alarms: ["Evt1", "Alrm"],
    .batteryVoltage: ["V", "InBatV", "Prt.DCV"], .batteryCurrent: ["A"],
    .cellVoltageMax: ["CellVMax", "string.StrCellVMax"], .cellVoltageMin: ["CellVMin", "string.StrCellVMin"],
    .chargePowerMax: ["WChaRteMax"], .dischargePowerMax: ["WDisChaRteMax"], .acPowerRating: ["WRtg", "WMaxRtg"],
    .productionLimit: ["WMaxLimPct"], .productionLimitActive: ["WMaxLim_Ena", "WMaxLimPctEna"],
    .storageControl: ["StorCtl_Mod"], .dischargeLimit: ["OutWRte"], .chargeLimit: ["InWRte"], .islanded: ["DERMode"],
  ]

  private static let production = [["123.WMaxLimPct"], ["123.WMaxLimPct_RvrtTms"], ["123.WMaxLim_Ena"]]

  private static let timer = ["704.WSetEnaRvrt", "704.WSetRvrtTms"]

  /// By file and command: each transfer's points.
  static let writes: [String: [String: [[String]]]] = [
    "sunspec-hybrid.yaml": [
      "battery_limits": [
        ["124.StorCtl_Mod"], ["124.OutWRte", "124.InWRte", "124.InOutWRte_WinTms", "124.InOutWRte_RvrtTms"],
      ],
      "production_limit": [
        [
          "123.WMaxLimPct", "123.WMaxLimPct_WinTms", "123.WMaxLimPct_RvrtTms", "123.WMaxLimPct_RmpTms",
          "123.WMaxLim_Ena",
        ]
      ],
    ],
    "sunspec-inverter.yaml": ["production_limit": production],
    "sunspec-fronius-gen24.yaml": [
      "battery_limits": [["124.StorCtl_Mod"], ["124.InOutWRte_RvrtTms"], ["124.OutWRte", "124.InWRte"]],
      "production_limit": production,
    ],
    "sunspec-der-inverter.yaml": [
      "production_limit": [
        ["704.WMaxLimPctEnaRvrt", "704.WMaxLimPctRvrtTms"], ["704.WMaxLimPct"], ["704.WMaxLimPctEna"],
      ]
    ],
    "sunspec-der-storage.yaml": [
      "battery_limits": [["704.WSetRvrt"]] + Array(repeating: timer, count: 3)
        + Array(repeating: ["704.WSetMod", "704.WSet"], count: 3) + Array(repeating: ["704.WSetEna"], count: 4)
        + [timer]
    ],
  ]
}
