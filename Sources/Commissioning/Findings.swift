public import EnergyModel

/// The findings of a visit, in the order in which they were made. A check that was left open may be done later; one that
/// failed stays failed, whatever another try says.
public struct Findings: Hashable, Sendable {
  public private(set) var all: [Finding] = []

  public init() {}

  public mutating func add(_ finding: Finding) {
    guard let index = all.firstIndex(where: { $0.device == finding.device && $0.check == finding.check }) else {
      return all.append(finding)
    }
    switch (all[index].outcome, finding.outcome) {
    case (.failed, _), (.passed, .open): break
    default: all[index] = finding
    }
  }

  public func outcome(_ device: DeviceID?, _ check: String) -> Finding.Outcome? {
    all.first { $0.device == device && $0.check == check }?.outcome
  }

  public func hasFailed(_ device: DeviceID, among checks: Set<String>) -> Bool {
    all.contains { $0.device == device && checks.contains($0.check) && $0.outcome == .failed }
  }
}
