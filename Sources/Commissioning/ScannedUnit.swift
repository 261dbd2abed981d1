public import DeviceProfile
import EnergyModel

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
  /// Where no profile fits: how many coils and discrete inputs answered in one request, at most 16.
  public var coilCount = 0
  public var inputCount = 0
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
    let sure = ranked.filter { $0.certainty > .vague }
    // The inverter comes before its meter.
    let whole = Set(sure.filter { $0.pointCount > 2 }.map(\.profile.name))
    guard let best = sure.first(where: { whole.isDisjoint(with: $0.profile.identity.partOf) }) else {
      alternatives = ranked
      return
    }
    self.best = best
    let isPart = { (match: ProfileMatch) in match.profile.identity.partOf.contains(best.profile.name) }
    parts = Self.apart(sure.filter { isPart($0) && $0.doubts.isEmpty })
    alternatives = ranked.filter { match in
      guard match.profile.name != best.profile.name, !isPart(match) else { return false }
      return match.score >= (match.certainty == best.certainty ? 0.5 : 0.8) * best.score
    }
    if label.serial == nil { label.serial = best.serial }
    if label.model == nil { label.model = best.told }
  }

  /// What the device said when it was asked for its identification; what its registers said goes before.
  public mutating func take(manufacturer: String?, model: String?, version: String?) {
    label.manufacturer = label.manufacturer ?? manufacturer
    label.model = label.model ?? model
    label.version = label.version ?? version
  }

  /// Of those that tell of the same, the one that the device itself speaks for, or the better fit.
  private static func apart(_ parts: [ProfileMatch]) -> [ProfileMatch] {
    var taken: Set<Point> = []
    return (parts.filter(\.isProven) + parts.filter { !$0.isProven }).filter { match in
      let points = Set(match.profile.points.map(\.point)).intersection([.power, .batteryPower])
      defer { taken.formUnion(points) }
      return taken.isDisjoint(with: points)
    }
  }
}
