public import EnergyModel

/// What the owner asks of the batteries, as one line of text: `charge 3000 given 1782036000000 until 1782064800000`. It is
/// left in the state folder, which nobody but the owner of the machine may write into, so it needs no key and opens no port.
///
/// The times are UTC milliseconds of the machine that both sides share. When the line is first seen its rest is put on the
/// monotonic clock: at most what was asked for, whatever the wall clock reads by then.
public struct OwnersWord: Hashable, Sendable {
  /// Of the file in the state folder.
  public static let fileName = "override"
  /// An end further away than a month was a slip.
  public static let longest: Duration = .seconds(31 * 86_400)
  private static let mostPower = 10e6

  public var value: StandingOrders.Override
  public var given: Timestamp
  /// Nil: until it is taken back.
  public var until: Timestamp?

  public init(value: StandingOrders.Override, given: Timestamp, until: Timestamp?) {
    self.value = value
    self.given = given
    self.until = until
  }

  /// Nil where the text is none.
  public init?(text: String) {
    var words = text.split(whereSeparator: \.isWhitespace)[...]
    guard let kind = words.popFirst() else { return nil }
    switch kind {
    case "hold": value = .hold
    case "charge", "discharge":
      guard let power = words.popFirst().flatMap({ Double($0) }), power > 0, power <= Self.mostPower else { return nil }
      value = kind == "charge" ? .charge(power) : .discharge(power)
    default: return nil
    }
    guard words.popFirst() == "given", let given = words.popFirst().flatMap({ Int64($0) }) else { return nil }
    self.given = Timestamp(milliseconds: given)
    guard !words.isEmpty else { return }
    guard words.popFirst() == "until", let end = words.popFirst().flatMap({ Int64($0) }), end > given, words.isEmpty
    else { return nil }
    until = Timestamp(milliseconds: end)
  }

  public var text: String {
    let what =
      switch value {
      case .hold: "hold"
      case .charge(let power): "charge \(JSONText.decimal(power, 0))"
      case .discharge(let power): "discharge \(JSONText.decimal(power, 0))"
      }
    return "\(what) given \(given.milliseconds)" + (until.map { " until \($0.milliseconds)" } ?? "")
  }

  /// The order that it makes when it is first seen; nil where its time is over.
  public func order(seen now: Moment) -> StandingOrders.Order<StandingOrders.Override>? {
    var ends: MonotonicInstant?
    if let until {
      let rest = min(until - now.wall, until - given, Self.longest)
      guard rest > .zero else { return nil }
      ends = now.monotonic + rest
    }
    return .init(value: value, starts: now.monotonic, ends: ends, id: text, issuer: "the owner")
  }
}
