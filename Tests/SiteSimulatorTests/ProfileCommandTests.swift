import DeviceProfile
import EnergyModel
import SiteSimulator
import Testing

/// Commands as the agent writes them, understood by the simulated device.
@Suite struct ProfileCommandTests {
  /// What is asked for: within limits, forced to charge, forced to discharge.
  private static let amounts: [[SetpointKind: Double]] = [
    [
      .chargeLimit: 2500, .dischargeLimit: 1500, .productionLimit: 4000, .relayOn: 1, .chargingCurrent: 10,
      .chargingPhases: 1, .heatPumpState: 3,
    ],
    [
      .chargeLimit: 2500, .dischargeLimit: -1500, .productionLimit: 0, .relayOn: 0, .chargingCurrent: 0,
      .chargingPhases: 3, .heatPumpState: 1,
    ],
    [.chargeLimit: -1200, .dischargeLimit: 2500],
  ]

  /// The setpoints that the command has a register for.
  private func told(_ asked: [SetpointKind: Double], _ command: CommandDefinition) -> Set<SetpointKind> {
    var told: Set<SetpointKind> = []
    for write in command.writes {
      guard write.only.allSatisfy({ kind, range in asked[kind].map(range.contains) ?? true }) else { continue }
      for case .parameter(let kind, _, _, _) in write.values { told.insert(kind) }
    }
    return told
  }

  @Test(arguments: ProfileClient.shipped)
  func everyCommandOfEveryShippedProfileArrives(name: String) throws {
    for command in try ProfileClient.profile(name).commands {
      var heard = 0
      for amounts in Self.amounts {
        var client = ProfileClient(try ProfileClient.profile(name))
        let asked = amounts.filter { command.parameters.contains($0.key) }
        guard asked.count == command.parameters.count else { continue }
        do {
          #expect(try client.ask(asked) == nil, "\(command.name)")
        } catch CommandRefusal.outOfRange {
          // A device that takes no such value.
          continue
        }
        heard += 1
        for kind in told(asked, command) {
          let (value, taken) = (asked[kind] ?? .nan, client.image.setpoints[kind] ?? .nan)
          // A limit below zero in a register without a sign is no limit but zero.
          let isTaken = abs(taken - value) <= 10 || (value < 0 && taken == 0)
          #expect(isTaken, "\(command.name): \(kind.rawValue) of \(value) arrived as \(taken)")
        }
      }
      #expect(heard > 0)
    }
  }

  @Test func theLimitsOfAHybridAreReleasedWhenNobodyRefreshesThem() throws {
    var client = ProfileClient(try ProfileClient.profile("sunspec-hybrid"))
    #expect(try client.ask([.chargeLimit: 2500, .dischargeLimit: -1000]) == nil)
    #expect(client.image.setpoints == [.chargeLimit: 2500, .dischargeLimit: -1000])
    var readings = try client.readings()
    #expect(readings[.chargeLimit]?.value == 25 && readings[.dischargeLimit]?.value == -10)
    #expect(readings[.storageControl]?.value == 3)
    client.image.pass(.seconds(50))
    #expect(try client.ask([.chargeLimit: 2500, .dischargeLimit: -1000]) == nil)
    client.image.pass(.seconds(59))
    #expect(client.image.setpoints.count == 2 && client.image.reversions == 0)
    client.image.pass(.seconds(1))
    #expect(client.image.setpoints.isEmpty && client.image.reversions == 1)
    readings = try client.readings()
    #expect(readings[.storageControl]?.value != 3 && readings[.chargeLimit]?.value != 25)
  }

  @Test func aWallBoxFallsBackToWhatWasArmed() throws {
    var client = ProfileClient(try ProfileClient.profile("keba-p30"), [.chargingState: 1, .power: 0])
    #expect(try client.ask([.chargingCurrent: 16]) == nil)
    #expect(try client.readings()[.chargingCurrentLimit]?.value == 16)
    // What is written only cannot be read.
    #expect(throws: ModbusException.illegalDataAddress) { try client.read(.holding, 5004, 1) }
    // By function 6 alone, and not again at once.
    #expect(throws: ModbusException.illegalFunction) {
      try client.image.answer(.writeRegisters(address: 5004, values: [10_000]))
    }
    #expect(try client.image.answer(.writeRegister(address: 5004, value: 10_000)) == .done)
    #expect(throws: ModbusException.serverDeviceBusy) {
      try client.image.answer(.writeRegister(address: 5004, value: 10_000))
    }
    client.image.pass(.seconds(60))
    #expect(client.image.reversions == 1 && client.image.setpoints[.chargingCurrent] == 6)
    #expect(try client.readings()[.chargingCurrentLimit]?.value == 6)
    client.image.pass(.seconds(600))
    #expect(client.image.reversions == 1)
  }

  @Test func badWritesAreRefusedAsAWhole() throws {
    var client = ProfileClient(try ProfileClient.profile("sunspec-hybrid"))
    let storage = try #require(client.image.map?.model(124)).address
    let before = try client.read(.holding, storage, 26)
    // 100.01 %, a number that the command does not have, a register beside it, a register of another kind.
    for (address, values, exception) in [
      (storage + 12, [10_001, 0, 0, 60], ModbusException.illegalDataValue), (storage + 5, [4], .illegalDataValue),
      (storage + 11, [1, 0], .illegalDataAddress), (storage + 15, [60, 0], .illegalDataAddress),
      (40_002, [1], .illegalDataAddress),
    ] {
      #expect(throws: exception) {
        try client.image.answer(.writeRegisters(address: address, values: values.map { UInt16($0) }))
      }
    }
    #expect(client.image.setpoints.isEmpty)
    #expect(try client.read(.holding, storage, 26) == before)
  }

  @Test func writtenSettingsStayWhenTheDeviceMeasuresAnew() throws {
    var client = ProfileClient(try ProfileClient.profile("sunspec-hybrid"), [.chargeLimit: 100, .power: 5])
    #expect(try client.ask([.chargeLimit: 2500, .dischargeLimit: 1000]) == nil)
    client.image.take([.chargeLimit: 100, .power: 40_000])
    let readings = try client.readings()
    #expect(readings[.chargeLimit]?.value == 25)
    // Above what an int16 holds in watts: the scale factor has moved.
    #expect(readings[.power]?.value == 40_000)
  }

  @Test func whatWasWrittenCanBeTakenBack() throws {
    var client = ProfileClient(try ProfileClient.profile("sunspec-hybrid"))
    #expect(try client.ask([.productionLimit: 4000]) == nil)
    let earlier = client.image
    #expect(try client.ask([.productionLimit: 1000]) == nil)
    #expect(try client.readings()[.productionLimit]?.value == 10)
    client.image.restoreSettings(of: earlier)
    #expect(client.image.setpoints == [.productionLimit: 4000])
    #expect(try client.readings()[.productionLimit]?.value == 40)
  }

  /// Whoever reads the box keeps its timer going, whether anybody wants its setpoint or not.
  @Test func readingKeepsABoxFromFallingBack() throws {
    var client = ProfileClient(try ProfileClient.profile("heidelberg-energy-control"))
    #expect(try client.ask([.chargingCurrent: 12]) == nil)
    for _ in 0..<5 {
      client.image.pass(.seconds(50))
      _ = try client.readings()
    }
    #expect(client.image.setpoints[.chargingCurrent] == 12 && client.image.reversions == 0)
    client.image.pass(.seconds(60))
    #expect(client.image.setpoints[.chargingCurrent] == 6 && client.image.reversions == 1)
  }

  /// Its timer would let it rest for good: handed back it is off, and stays off when its time is up.
  @Test func aBatteryThatWasHandedBackStaysItsOwnMaster() throws {
    var client = ProfileClient(try ProfileClient.profile("sunspec-der-storage"))
    for (charge, discharge) in [(2000.0, -2000.0), (-1500, 1500), (0, 0)] {
      #expect(try client.ask([.chargeLimit: charge, .dischargeLimit: discharge]) == nil)
      #expect(client.image.setpoints[.dischargeLimit] == discharge)
      client.image.pass(.seconds(30))
      #expect(try client.ask([.chargeLimit: 5000, .dischargeLimit: 5000]) == nil)
      client.image.pass(.seconds(120))
      #expect(client.image.setpoints.isEmpty && client.image.reversions == 0, "\(client.image.setpoints)")
    }
    // Nobody hands it back: it rests.
    #expect(try client.ask([.chargeLimit: 2000, .dischargeLimit: -2000]) == nil)
    client.image.pass(.seconds(61))
    #expect(client.image.setpoints == [.chargeLimit: 0, .dischargeLimit: 0] && client.image.reversions == 1)
  }

  /// The agent's beat arrives in model 715, and sets nothing.
  @Test func aHeartbeatIsTakenAndSetsNothing() throws {
    var client = ProfileClient(try ProfileClient.profile("sunspec-der-storage"))
    let model = try #require(client.image.map?.model(715))
    #expect(try client.read(.holding, model.address + 5, 2) == [0, 0])
    let beat = try #require(client.resolved.heartbeat(70_000))
    #expect(beat.model == model && beat.write.address == model.address + 5)
    _ = try client.image.answer(.writeRegisters(address: beat.write.address, values: beat.write.registers))
    #expect(try client.read(.holding, model.address + 5, 2) == [1, 4464])
    #expect(client.image.setpoints.isEmpty)
    // A device without the model has no heart to hear.
    #expect(ResolvedProfile(client.resolved.profile, map: SunSpecMap(base: 40_000, models: [])).heartbeat(1) == nil)
  }
}
