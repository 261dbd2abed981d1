import EnergyModel

/// Why something is bound or wished, in words with values. It is put together only when somebody reads it: control runs far
/// more often than people look.
///
///     let reason: Reason = "the state of charge has reached its minimum of \(percent: low)"
struct Reason: Hashable, Sendable, ExpressibleByStringInterpolation, CustomStringConvertible {
  fileprivate enum Part: Hashable, Sendable {
    case text(String)
    case watts(Double)
    case percent(Double)
    case amperes(Double)
    case celsius(Double)
    case volts(Double)
    case hertz(Double)
    case price(Double)
    case end(Words.End)
  }

  struct StringInterpolation: StringInterpolationProtocol {
    fileprivate var parts: [Part] = []

    init(literalCapacity: Int, interpolationCount: Int) { parts.reserveCapacity(2 * interpolationCount + 1) }
    mutating func appendLiteral(_ literal: String) { if !literal.isEmpty { parts.append(.text(literal)) } }
    mutating func appendInterpolation(_ text: String) { parts.append(.text(text)) }
    mutating func appendInterpolation(_ device: DeviceID) { parts.append(.text(device.name)) }
    mutating func appendInterpolation(_ number: Int) { parts.append(.text("\(number)")) }
    mutating func appendInterpolation(_ reason: Reason) { parts += reason.parts }
    /// `850 W`, `1.2 kW`.
    mutating func appendInterpolation(watts: Double) { parts.append(.watts(watts)) }
    mutating func appendInterpolation(percent: Double) { parts.append(.percent(percent)) }
    mutating func appendInterpolation(amperes: Double) { parts.append(.amperes(amperes)) }
    mutating func appendInterpolation(celsius: Double) { parts.append(.celsius(celsius)) }
    mutating func appendInterpolation(volts: Double) { parts.append(.volts(volts)) }
    /// When a wait is over: `until 14:32`, or `for another 5 min` while nobody vouches for the clock.
    mutating func appendInterpolation(end wait: Duration, _ input: RuleInput) {
      parts.append(.end(Words.End(of: wait, now: input.now, zone: input.zone)))
    }
    /// `27 ct/kWh`.
    mutating func appendInterpolation(price: Double) { parts.append(.price(price)) }
    mutating func appendInterpolation(hertz: Double) { parts.append(.hertz(hertz)) }
  }

  private enum Content: Hashable, Sendable {
    /// Most reasons: no array is needed.
    case text(String)
    case parts([Part])
  }

  private var content: Content

  init(stringLiteral text: String) { content = .text(text) }
  init(stringInterpolation: StringInterpolation) {
    let parts = stringInterpolation.parts
    if case .text(let text)? = parts.first, parts.count == 1 { content = .text(text) } else { content = .parts(parts) }
  }
  init(_ text: String) { content = .text(text) }

  private var parts: [Part] {
    switch content {
    case .text(let text): [.text(text)]
    case .parts(let parts): parts
    }
  }

  var description: String {
    parts.reduce(into: "") { text, part in
      switch part {
      case .text(let words): text += words
      case .watts(let value): text += Words.power(value)
      case .percent(let value): text += Words.percent(value)
      case .amperes(let value): text += Words.amperes(value)
      case .celsius(let value): text += Words.celsius(value)
      case .volts(let value): text += "\(JSONText.decimal(value, 3)) V"
      case .end(let end): text += end.description
      case .price(let value): text += "\(JSONText.decimal(value, 1)) ct/kWh"
      case .hertz(let value): text += "\(JSONText.decimal(value, 2)) Hz"
      }
    }
  }
}
