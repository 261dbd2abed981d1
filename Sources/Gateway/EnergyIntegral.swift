public import EnergyModel

/// Integrates a measured power over the time between its readings (trapezoids). A longer silence is not
/// bridged: what was not measured is not invented.
public struct EnergyIntegral: Sendable {
  /// Wh
  public private(set) var energy = 0.0
  public private(set) var from: Timestamp?
  public private(set) var until: Timestamp?
  private var last: (power: Double, at: Moment)?
  private let longestGap: Duration

  public init(longestGap: Duration = .seconds(5)) { self.longestGap = longestGap }

  /// Adds a reading; one that was seen before changes nothing.
  public mutating func add(_ power: Double, at moment: Moment) {
    defer { last = (power, moment) }
    guard let last, moment.monotonic > last.at.monotonic else { return }
    let gap = moment.monotonic - last.at.monotonic
    guard gap <= longestGap else { return }
    energy += (last.power + power) / 2 * gap.seconds / 3600
    if from == nil { from = last.at.wall }
    until = moment.wall
  }
}
