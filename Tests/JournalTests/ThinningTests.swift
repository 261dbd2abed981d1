import EnergyModel
import TestKit
import Testing

@testable import Journal

/// Coarser records that stand for many, as a decision alone.
@Suite struct ThinningTests {
  /// 2026-06-21T10:00:00Z.
  private let hour: Int64 = 1_782_036_000_000

  private func sample(
    _ seconds: Double, _ readings: [Reading], device: DeviceID = "meter", span: Duration? = nil
  ) -> Sample {
    let wall = Timestamp(milliseconds: hour + Int64(seconds * 1000))
    let moment = Moment(wall: wall, monotonic: MonotonicInstant(nanoseconds: 0))
    return Sample(device: device, measured: moment, readings: readings, span: span)
  }

  private func seconds(_ sample: Sample) -> Int64 { (sample.measured.wall.milliseconds - hour) / 1000 }

  @Test func anIntervalHoldsItsEnd() {
    let cases: [(Int64, Int64)] = [
      (0, 0), (1, 60_000), (59_999, 60_000), (60_000, 60_000), (60_001, 120_000), (-1, 0), (-60_000, -60_000),
    ]
    for (time, end) in cases {
      #expect(Thinning.Grain.minutes.end(of: Timestamp(milliseconds: time)).milliseconds == end)
    }
    #expect(Thinning.Grain.quarters.end(of: Timestamp(milliseconds: 900_001)).milliseconds == 1_800_000)
  }

  @Test func aMinuteBecomesMeansAndLastReadings() {
    let minute = (1...60).map { (second: Int) -> Sample in
      let power = Reading(Point.power, Double(second))
      let energy = Reading(Point.energyImport, 1000 + Double(second))
      let state = Reading(Point.operatingState, second < 30 ? 3 : 4)
      let frequency = second == 10 ? Reading(Point.frequency, quality: .timeout) : Reading(Point.frequency, 50)
      return sample(Double(second), [power, energy, state, frequency])
    }
    let thinned = Thinning.thin(minute, to: .minutes)
    #expect(thinned.count == 1)
    #expect(thinned.first.map(seconds) == 60)
    // The first reading was taken at second 1: of what was before nobody knows.
    #expect(thinned.first?.span == .seconds(59))
    #expect(thinned.first?[.power] == Reading(.power, 30.5))
    #expect(thinned.first?[.energyImport] == Reading(.energyImport, 1060))
    #expect(thinned.first?[.operatingState] == Reading(.operatingState, 4))
    #expect(thinned.first?[.frequency] == Reading(.frequency, 50))
  }

  @Test func edgesAreAsShortAsTheSamplesAndTheMiddleIsWhole() {
    let samples = stride(from: 50.0, through: 200, by: 1).map { sample($0, [Reading(.power, $0)]) }
    let thinned = Thinning.thin(samples, to: .minutes)
    #expect(thinned.map(seconds) == [60, 120, 180, 200])
    #expect(thinned.map(\.span) == [.seconds(10), .seconds(60), .seconds(60), .seconds(20)])
    #expect(thinned[1][.power] == Reading(.power, 90.5))
  }

  @Test func whatHasNoValueStaysWithoutOne() {
    let samples = [
      sample(1, [Reading(.power, quality: .timeout), Reading(.soc, 40), Reading(.energyImport, 7)]),
      sample(
        2,
        [
          Reading(.power, quality: .exception), Reading(.soc, 40, quality: .frozen),
          Reading(.energyImport, quality: .timeout),
        ]),
      sample(3, [Reading(.power, quality: .timeout), Reading(.soc, 44), Reading(.energyImport, quality: .timeout)]),
    ]
    let thinned = Thinning.thin(samples, to: .minutes)
    #expect(thinned.first?[.power] == Reading(.power, quality: .timeout))
    // Only good readings make a mean.
    #expect(thinned.first?[.soc] == Reading(.soc, 42))
    #expect(thinned.first?[.energyImport] == Reading(.energyImport, 7))
    let frozen = Thinning.thin([0, 1].map { sample($0, [Reading(.soc, 9, quality: .frozen)]) }, to: .minutes)
    #expect(frozen.first?.readings == [Reading(.soc, 9, quality: .frozen)])
  }

  @Test func whatIsCoarseOrAloneStaysAsItIs() {
    let average = sample(300, [Reading(.temperature, 20)], span: .seconds(300))
    let alone = sample(130, [Reading(.soc, 5)], device: "battery")
    let fine = [241.0, 300].map { sample($0, [Reading(.power, $0)]) }
    let thinned = Thinning.thin([alone] + fine + [average], to: .minutes)
    #expect(thinned.contains(average))
    #expect(thinned.contains(alone))
    #expect(thinned.count == 3)
    #expect(thinned.contains { $0.span == .seconds(60) && $0[.power] == Reading(.power, 270.5) })
  }

  @Test func anUntrustedClockIsNotForgotten() {
    var doubtful = sample(2, [Reading(.power, 1)])
    doubtful.measured.isClockTrusted = false
    let thinned = Thinning.thin(
      [sample(1, [Reading(.power, 1)]), doubtful, sample(70, []), sample(80, [])], to: .minutes)
    #expect(thinned.map(\.measured.isClockTrusted) == [false, true])
  }

  @Test func meansOfMeansWeighTheirTime() {
    let minutes = [
      sample(60, [Reading(.power, 100)], span: .seconds(60)), sample(80, [Reading(.power, 400)], span: .seconds(20)),
    ]
    #expect(Thinning.thin(minutes, to: .quarters).first?[.power] == Reading(.power, 175))
  }

  /// However the data is cut into runs: the reading that stood at the end of each quarter hour is still there.
  @Test(arguments: 1...5) func countersOfQuarterHoursSurvive(_ seed: UInt64) {
    var random = SeededGenerator(state: seed)
    var samples: [Sample] = []
    for second in stride(from: -200.0, through: 9000, by: 7.5) {
      for device in 0..<3 {
        let count = Reading(
          .energyImport, Double(Int(second) * 3 + device), quality: random.next() % 9 == 0 ? .frozen : .good)
        let reading = random.next() % 5 == 0 ? Reading(.energyImport, quality: .timeout) : count
        samples.append(
          sample(second + Double(device), [Reading(.power, second), reading], device: DeviceID("d\(device)")))
      }
    }
    let truth = standings(samples)
    for grain in Thinning.Grain.allCases {
      var rest = samples[...]
      samples = []
      while !rest.isEmpty {
        let run = rest.prefix(Int.random(in: 1...200, using: &random))
        samples += Thinning.thin(Array(run), to: grain)
        rest = rest.dropFirst(run.count)
      }
      #expect(standings(samples) == truth)
    }
    #expect(samples.count < 300)
    #expect(truth.count > 25)
  }

  /// For each device and quarter hour the last counter with a value at or before its end.
  private func standings(_ samples: [Sample]) -> [Thinning.Slot: Reading] {
    var last: [Thinning.Slot: Reading] = [:]
    for sample in samples.sorted(by: { $0.measured.wall < $1.measured.wall }) {
      guard let reading = sample[.energyImport], reading.value != nil else { continue }
      last[Thinning.Slot(sample, .quarters)] = reading
    }
    return last
  }
}
