import DeviceProfile
import EnergyModel
import Testing

@testable import Commissioning

struct SensorHearingTests {
  private func sensor(_ topic: TopicPattern) -> SensorDefinition {
    SensorDefinition(
      device: "plug",
      messages: [
        .init(
          topic: topic,
          values: [
            .init(point: .relayOn, path: ["on"], isOptional: true), .init(point: .power, path: ["p"], isOptional: true),
            .init(point: .voltageL1, path: ["u"]),
          ])
      ])
  }

  private func sample(_ device: DeviceID, _ readings: [Reading]) -> Sample {
    var sample = told([:])
    sample.device = device
    sample.readings = readings
    return sample
  }

  @Test func whatItNeedNotHaveMayBeMissing() {
    var hearing = SensorHearing(sensor(TopicPattern(literal: "plug")))
    #expect(hearing.missing == "told nothing fresh of relay_on, voltage_l1_v")
    hearing.take(sample("other", [Reading(.relayOn, 1), Reading(.voltageL1, 230)]))
    #expect(!hearing.hasTold(.relayOn))
    hearing.take(sample("plug", [Reading(.relayOn, 1, quality: .stale), Reading(.voltageL1, 230)]))
    #expect(hearing.missing == "told nothing fresh of relay_on (stale)")
    hearing.take(sample("plug", [Reading(.relayOn, 1)]))
    #expect(hearing.isComplete && hearing.missing == nil)
    let now = sample("plug", []).measured.monotonic
    #expect(hearing.good(.relayOn, at: now + .seconds(600)) == 1)
    #expect(hearing.good(.relayOn, at: now + .seconds(601)) == nil, "too old to be relied on")
    // Its last will.
    hearing.take(sample("plug", [Reading(.relayOn, quality: .timeout)]))
    #expect(hearing.missing == "told nothing fresh of relay_on (timeout)")
  }

  @Test func whatWasToldLastIsKept() {
    var hearing = SensorHearing(sensor(TopicPattern(literal: "plug")))
    #expect(hearing.readings.isEmpty && hearing.lastHeard == nil)
    var first = sample("plug", [Reading(.voltageL1, 230), Reading(.relayOn, 0)])
    hearing.take(first)
    first.measured.monotonic = first.measured.monotonic + .seconds(5)
    first.readings = [Reading(.relayOn, 1)]
    hearing.take(first)
    #expect(hearing.readings == [Reading(.relayOn, 1), Reading(.voltageL1, 230)])
    #expect(hearing.lastHeard == first.measured.monotonic)
  }

  @Test func ofAFamilyOneMemberIsEnough() throws {
    let topic = try TopicPattern("plugs/{name}")
    var hearing = SensorHearing(sensor(topic))
    #expect(hearing.missing == "told nothing fresh")
    hearing.take(sample("plug-cellar", [Reading(.power, 5)]))
    #expect(hearing.missing == nil)
  }
}
