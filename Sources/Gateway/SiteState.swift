public import EnergyModel
import Synchronization

/// What the site's devices told last: fed by the devices' threads, frozen by the control cycle. The
/// lock is held for microseconds on either side.
public final class SiteState: SampleSink {
  private struct State {
    var observations: FlatMap<DeviceID, PointMap<Observation>> = [:]
    var samples: [DeviceID: UInt64] = [:]
  }

  private let state = Mutex(State())

  public init() {}

  public func accept(_ sample: Sample) {
    state.withLock { state in
      merge(sample, into: &state.observations[sample.device, default: [:]])
      // Only answers count as readings; a marked silence is not one.
      if sample.readings.contains(where: { $0.quality == .good }) { state.samples[sample.device, default: 0] += 1 }
    }
  }

  public func freeze(at now: Moment) -> SiteSnapshot {
    SiteSnapshot(now: now, observations: state.withLock { $0.observations })
  }

  /// Samples with at least one good reading so far.
  public func sampleCounts() -> [DeviceID: UInt64] { state.withLock { $0.samples } }
}

private func merge(_ sample: Sample, into points: inout PointMap<Observation>) {
  for reading in sample.readings {
    points[reading.point] = merged(reading, into: points[reading.point], at: sample.measured)
  }
}

/// For display the last good value stays, marked by the newest quality; its age keeps growing.
private func merged(_ reading: Reading, into old: Observation?, at moment: Moment) -> Observation {
  if reading.quality == .good {
    return Observation(value: reading.value, quality: .good, measured: moment)
  }
  return Observation(value: old?.value ?? reading.value, quality: reading.quality, measured: old?.measured)
}
