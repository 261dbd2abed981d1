import EnergyModel

/// The reporters of all telemetry logs that get records.
struct Reporters: Sendable {
  /// What one commit records in one log.
  struct Report: Sendable {
    var log: Int64
    var samples: [Sample]
    /// What waits for the end of its interval, see ``OpenIntervals``.
    var pending: [Sample] = []
  }

  private struct Place {
    var plan: LogPlan
    var reporter: Reporter
    var log: Int64 = 0
    var epoch: Epoch?
  }

  private var places: [Place]

  init(_ plans: [LogPlan], started: Moment) {
    places = plans.map { Place(plan: $0, reporter: Reporter($0.choice, started: started)) }
  }

  /// Finds each one's log in a file that was opened. Open intervals outlive a file that had to be set aside.
  mutating func assign(to ledger: Ledger) {
    let shapes = ledger.shapes.pointsOfDevices
    for index in places.indices {
      let plan = places[index].plan
      guard let log = ledger.log(for: plan).map({ ledger.logs[$0] }) else { continue }
      if places[index].epoch != log.epoch { places[index].reporter.beginLog(shapes: shapes) }
      places[index].log = log.id
      places[index].epoch = log.epoch
    }
  }

  /// Of the logs that it reports to.
  var epochs: Set<Epoch> { Set(places.compactMap(\.epoch)) }

  func isDue(at now: MonotonicInstant) -> Bool { places.contains { $0.reporter.isDue(at: now) } }

  /// - Parameters:
  ///   - taken: when the samples were taken from the queue. What was measured before is in them or was reported
  ///     earlier, so intervals that ended before may be closed.
  ///   - last: present where reporting ends.
  mutating func report(_ samples: [Sample], taken: MonotonicInstant, last: Moment?) -> [Report] {
    places.indices.map { index in
      var records = places[index].reporter.isVerbatim ? samples : samples.flatMap { places[index].reporter.take($0) }
      records += places[index].reporter.due(at: taken)
      if let last { records += places[index].reporter.flush(at: last) }
      return Report(log: places[index].log, samples: records, pending: places[index].reporter.pending)
    }
  }
}
