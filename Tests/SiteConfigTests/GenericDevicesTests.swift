import DeviceProfile
import EnergyModel
import Testing

@testable import SiteConfig

/// Relays and contacts need no profile of their own. Their evidence is the specification's own examples: MODBUS Application
/// Protocol Specification V1.1b3.
@Suite struct GenericDevicesTests {
  private func evidence(
    _ space: RegisterSpace, _ address: Int, _ bits: [UInt16], points: [Point: Evidence.Expected]
  ) -> Evidence {
    Evidence(
      origin: .published, source: "MODBUS Application Protocol Specification V1.1b3",
      blocks: [.init(start: .absolute(space, address), registers: bits)], points: points)
  }

  private func asked(_ kind: SetpointKind, _ value: Double, _ address: Int, _ bits: [UInt16]) -> Evidence {
    Evidence(
      origin: .published, source: "MODBUS Application Protocol Specification V1.1b3", blocks: [], asked: [kind: value],
      written: [.init(start: .absolute(.coil, address), registers: bits)])
  }

  /// 6.5: coil 173 is switched on, 05 00AC FF00. 6.1: coils 27 to 20 are CD, 1100 1101.
  @Test func relay() {
    #expect(RelayProfile.profile(coil: 0xAC).problems(with: asked(.relayOn, 1, 0xAC, [1])) == [])
    #expect(RelayProfile.profile(coil: 0xAC).problems(with: asked(.relayOn, 0, 0xAC, [0])) == [])
    let coils: [UInt16] = [1, 0, 1, 1, 0, 0, 1, 1]
    for (offset, state) in coils.enumerated() {
      let shown = evidence(.coil, 19, coils, points: [.relayOn: .value(Double(state))])
      #expect(RelayProfile.profile(coil: 19 + offset).problems(with: shown) == [])
    }
  }

  /// 6.2: inputs 204 to 197 are AC, 1010 1100.
  @Test func contact() {
    let inputs: [UInt16] = [0, 0, 1, 1, 0, 1, 0, 1]
    for (offset, state) in inputs.enumerated() {
      let closed = evidence(.discrete, 196, inputs, points: [.contact: .value(Double(state))])
      #expect(ContactProfile.profile(input: 196 + offset, isActiveWhenOpen: false).problems(with: closed) == [])
      let open = evidence(.discrete, 196, inputs, points: [.contact: .value(Double(1 - state))])
      #expect(ContactProfile.profile(input: 196 + offset, isActiveWhenOpen: true).problems(with: open) == [])
    }
  }

  /// 6.11: coils 20 and 21 of the example's ten are 1 and 0, written together.
  @Test func heatPumpsContacts() {
    #expect(HeatPumpProfile.profile(coils: [19, 20]).problems(with: asked(.heatPumpState, 1, 19, [1, 0])) == [])
    #expect(HeatPumpProfile.profile(coils: [20, 19]).problems(with: asked(.heatPumpState, 3, 19, [1, 0])) == [])
    let shown = evidence(.coil, 19, [1, 0], points: [.heatPumpState: .value(1)])
    #expect(HeatPumpProfile.profile(coils: [19, 20]).problems(with: shown) == [])
  }
}
