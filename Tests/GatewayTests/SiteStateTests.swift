import EnergyModel
import Gateway
import TestKit
import Testing

@Suite struct SiteStateTests {
  let time = ManualTime()
  let state = SiteState()

  private func tell(_ readings: [Reading]) {
    state.accept(Sample(device: "meter", measured: time.now(), readings: readings))
  }

  @Test func aFailedReadKeepsTheLastValueAndItsAge() {
    tell([Reading(.power, 400)])
    let measured = time.now()
    time.advance(by: .seconds(2))
    tell([Reading(.power, quality: .timeout)])
    let found = state.freeze(at: time.now()).observation("meter", .power)
    #expect(found == Observation(value: 400, quality: .timeout, measured: measured))
    #expect(state.freeze(at: time.now()).value("meter", .power, maximumAge: .seconds(60)) == nil)
  }

  @Test func aFailureBeforeAnyValueIsUnknownNotZero() {
    tell([Reading(.power, quality: .timeout)])
    let found = state.freeze(at: time.now()).observation("meter", .power)
    #expect(found == Observation(value: nil, quality: .timeout, measured: nil))
  }

  @Test func onlyAnswersCountAsSamples() {
    tell([Reading(.power, quality: .timeout)])
    tell([Reading(.power, 1), Reading(.frequency, quality: .exception)])
    #expect(state.sampleCounts() == ["meter": 1])
  }

  @Test func pointsOfOtherSamplesStay() {
    tell([Reading(.power, 1)])
    tell([Reading(.frequency, 50)])
    #expect(state.freeze(at: time.now()).value("meter", .power, maximumAge: .seconds(1)) == 1)
  }
}
