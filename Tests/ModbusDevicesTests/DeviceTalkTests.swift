import DeviceProfile
import EnergyModel
import TestKit
import Testing

@testable import ModbusDevices

/// A device in a person's hand, over a connection that breaks.
@Suite(.serialized) struct DeviceTalkTests {
  /// Two transfers: a mode in holding 50, then the limit and its timer in 40 and 41.
  private static let inverter: DeviceProfile = {
    var profile = TestDevices.meter
    profile.serial = nil
    profile.commands[0].writes.insert(
      RegisterWrite(start: .absolute(.holding, 50), values: [.constant(3)]), at: 0)
    return profile
  }()

  private func with(_ body: (FaultyServer, DeviceTalk) throws -> Void) throws {
    let server = try FaultyServer()
    defer { server.stop() }
    server.set([230], at: 0)
    server.set([50], at: 20)
    server.set([0, 0], at: 40)
    server.set([0], at: 50)
    let bus = BusTalk(
      .tcp(host: "127.0.0.1", port: server.port), devices: [TestDevices.device("inverter", Self.inverter)],
      time: SystemTime())
    defer { bus.close() }
    try body(server, bus.devices[0])
  }

  private func limit(_ server: FaultyServer) -> UInt16? { server.value(40) }

  /// The switch in between was off for a moment: nobody notices but the device, which sees a new connection.
  @Test func aConnectionThatWasLostMeanwhileIsMadeAnew() throws {
    try with { server, talk in
      #expect(talk.carryOut([.productionLimit: 1000]) == .confirmed)
      server.hangUp()
      #expect(talk.carryOut([.productionLimit: 5000]) == .confirmed)
      #expect(limit(server) == 5000 && server.connections == 2)
    }
  }

  /// Half an answer and the end, in the first transfer, in the second, and while that is read back: it is not confirmed, and the
  /// next attempt writes all of it.
  @Test(arguments: [50, 40, 41]) func whatBrokeOffIsWrittenAsAWholeTheNextTime(address: Int) throws {
    try with { server, talk in
      #expect(talk.carryOut([.productionLimit: 1000]) == .confirmed)
      server.fail(.disconnectMidFrame, at: address)
      guard case .failed = talk.carryOut([.productionLimit: 5000]) else {
        Issue.record("it was confirmed over a broken connection")
        return
      }
      server.fail(nil, at: address)
      server.set([0], at: 50)
      #expect(talk.carryOut([.productionLimit: 5000]) == .confirmed)
      #expect(limit(server) == 5000 && server.value(50) == 3 && server.value(41) == 60)
    }
  }

  /// Nobody knows whether a device that no longer answers has heard it.
  @Test func whatIsNotAnsweredIsNotConfirmed() throws {
    try with { server, talk in
      #expect(talk.carryOut([.productionLimit: 1000]) == .confirmed)
      server.fail(.swallow)
      guard case .failed = talk.carryOut([.productionLimit: 5000]) else {
        Issue.record("it was confirmed by silence")
        return
      }
      #expect(talk.poll().sample == nil)
      server.fail(nil)
      #expect(talk.carryOut([.productionLimit: 5000]) == .confirmed)
      #expect(limit(server) == 5000)
    }
  }
}
