public import EnergyModel
import Synchronization

/// What the observer last expected and offered, for the uplinks. Nobody waits for a forecast being made.
public final class ForecastBoard: ForecastSource {
  private let latest = Mutex<ForecastReport?>(nil)

  public init() {}

  public func report() -> ForecastReport? { latest.withLock { $0 } }

  func put(_ report: ForecastReport) { latest.withLock { $0 = report } }
}
