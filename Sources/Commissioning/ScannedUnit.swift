public import DeviceProfile

/// What a device says of itself.
public struct DeviceLabel: Hashable, Sendable {
  public var manufacturer: String?
  public var model: String?
  public var version: String?
  public var serial: String?

  public init(manufacturer: String? = nil, model: String? = nil, version: String? = nil, serial: String? = nil) {
    self.manufacturer = manufacturer
    self.model = model
    self.version = version
    self.serial = serial
  }
}

/// Somebody who answered, and what he is.
public struct ScannedUnit: Sendable {
  public var unit: Int
  /// It answers under any unit.
  public var ignoresUnits: Bool
  public var label = DeviceLabel()
  /// Its SunSpec models.
  public var map: SunSpecMap?
  /// The profile that fits best; nil where none does.
  public var best: ProfileMatch?
  /// Other devices that are read from the same unit, such as the meter of an inverter.
  public var parts: [ProfileMatch] = []
  /// Profiles that fit as well, the better first.
  public var alternatives: [ProfileMatch] = []
  /// Where no profile fits: registers as they were read.
  public var samples: [String] = []
  /// The quickest answer.
  public var roundTrip: Duration?
  /// It was not looked at to the end.
  public var isUnfinished = false

  public init(unit: Int, ignoresUnits: Bool = false) {
    self.unit = unit
    self.ignoresUnits = ignoresUnits
  }

  mutating func take(_ matches: [ProfileMatch], isOver: Bool) {
    isUnfinished = isOver
    let ranked = matches.sorted(by: ProfileMatch.precedes)
    guard
      let best = ranked.first(where: { match in
        // The inverter comes before its meter.
        !match.profile.identity.partOf.contains { name in
          ranked.contains { $0.profile.name == name && $0.certainty >= .likely }
        }
      })
    else { return }
    self.best = best
    let isPart = { (match: ProfileMatch) in match.profile.identity.partOf.contains(best.profile.name) }
    parts = ranked.filter { isPart($0) && $0.pointCount > 0 && $0.certainty >= .possible && $0.doubts.isEmpty }
    alternatives = ranked.filter { match in
      guard match.profile.name != best.profile.name, !isPart(match) else { return false }
      return match.certainty == best.certainty ? match.score >= 0.5 * best.score : match.score >= 0.8 * best.score
    }
    if label.serial == nil { label.serial = best.serial }
    if label.model == nil { label.model = best.told }
  }
}
