import EnergyModel
import TestKit
import Testing

@testable import Journal

/// Logs of which some points are recorded on change.
@Suite struct ThinnedChangesTests {
  private static let change = ReportingChoice.Manner.onChange(deadBand: 50, atLeastEvery: .seconds(900))

  private func log(_ rules: ReportingChoice.Rule...) -> Ledger.Log {
    var log = Ledger.Log(id: 1, epoch: Epoch(number: 1), name: "telemetry", kind: .telemetry)
    log.choice = ReportingChoice(rules).description
    return log
  }

  @Test func aLogIsThinnedWhereItHasMoreThanChanges() {
    let average = ReportingChoice.Rule(.average(over: .seconds(10)))
    #expect(log(.init(.raw)).canBeThinned)
    #expect(log(average).canBeThinned)
    #expect(log(.init(Self.change, points: [.power]), average).canBeThinned)
    #expect(!log(.init(Self.change)).canBeThinned)
    #expect(!log(.init(Self.change), average).canBeThinned, "the first rule that names a point decides")
    #expect(!log(.init(Self.change, points: [.power])).canBeThinned)
    var events = log(.init(.raw))
    events.kind = .events
    #expect(!events.canBeThinned)
  }

  /// Counters survive at the quarter hours, and of what is recorded on change every record is as it was.
  @Test func changesStayAsTheyAreBesideThinnedCounters() async throws {
    let stand = try Stand(budget: 512 << 10)
    let choice = ReportingChoice([.init(Self.change, points: [.power]), .init(.raw)])
    stand.settings.destinations[0].logs = [LogPlan(choice: choice)]
    let journal = try await stand.open()
    var random = SeededGenerator(state: 5)
    var changes: [Sample] = []
    var counters: [Thinning.Slot: Reading] = [:]
    var energy = 0.0
    for second in 1...30_000 {
      stand.time.advance(by: .seconds(1))
      energy += Double.random(in: 0...3, using: &random).rounded()
      let power = Reading(.power, Double(second / 100 * 100))
      let noise = [Point.reactivePower, .apparentPower, .powerL1].map {
        Reading($0, Double(Int.random(in: -1_000_000...1_000_000, using: &random)))
      }
      let sample = Sample(
        device: "meter", measured: stand.time.now(), readings: [power] + noise + [Reading(.energyImport, energy)])
      if second == 1 || second % 100 == 0 {
        changes.append(
          Sample(
            device: "meter",
            measured: Moment(wall: sample.measured.wall, monotonic: MonotonicInstant(nanoseconds: 0)),
            readings: [power]))
      }
      counters[Thinning.Slot(sample, .quarters)] = sample[.energyImport]
      journal.accept(sample)
      if second % 30 == 0 { #expect(await journal.commit()) }
    }
    #expect(journal.counters().purgedRecords == 0)
    #expect(journal.counters().thinnedRecords > 10_000)
    let segments = try await journal.waiting(.telemetry)
    #expect(segments.first?.isThinned == true)
    let samples = segments.flatMap(\.records).compactMap { record in
      if case .sample(let sample) = record.body { sample } else { nil }
    }
    #expect(samples.filter { $0[.power] != nil } == changes)
    var found: [Thinning.Slot: Reading] = [:]
    for sample in samples where sample[.energyImport] != nil {
      found[Thinning.Slot(sample, .quarters)] = sample[.energyImport]
    }
    #expect(found == counters)
    #expect(segments.allSatisfy { $0.records.count <= 512 })
    await journal.close()
  }
}
