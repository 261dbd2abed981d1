import EnergyModel

/// What a command asks for, once its kind and parameters made sense and the destination may ask it.
enum Demand: Hashable, Sendable {
  case order(Order)
  /// Nil: every quantity of the channel.
  case release(channel: String, LimitedQuantity?)

  /// What holds from a start to an end.
  enum Order: Hashable, Sendable {
    case limit(channel: String, LimitedQuantity, Double)
    case batteryPower(Double)
    case reserve(Double)
    case shed([DeviceID])

    /// Orders of one slot take each other's place.
    func slot(_ destination: DestinationID) -> Slot {
      switch self {
      case .limit(let channel, let quantity, _): .limit(channel, quantity)
      case .batteryPower: .other(destination, "battery-power")
      case .reserve: .other(destination, "reserve")
      case .shed: .other(destination, "shed")
      }
    }

    /// In words: `export at most 5 kW`.
    var words: String {
      switch self {
      case .limit(_, let quantity, let value): "\(quantity.words) at most \(quantity.text(value))"
      case .batteryPower(let power) where power == 0: "the batteries rest"
      case .batteryPower(let power):
        "the batteries \(power > 0 ? "discharge" : "charge") with \(Words.power(power.magnitude))"
      case .reserve(let percent): "a reserve of \(Words.percent(percent))"
      case .shed(let loads): loads.isEmpty ? "no load is shed" : "shed \(Words.list(loads.map(\.name)))"
      }
    }
  }

  enum Slot: Hashable, Sendable {
    case limit(String, LimitedQuantity)
    case other(DestinationID, String)
  }
}

extension LimitedQuantity {
  var words: String {
    switch self {
    case .importPower: "import"
    case .controllablePower: "controllable devices"
    case .exportPower, .exportPercent: "export"
    }
  }

  func text(_ value: Double) -> String {
    self == .exportPercent ? "\(Words.percent(value)) of the installed PV" : Words.power(value)
  }

  /// The largest value that makes sense.
  var largest: Double { self == .exportPercent ? 100 : 10e6 }
}

/// Why a command is not obeyed, in words.
struct Refusal: Error, Hashable, Sendable {
  var outcome: CommandResult.Outcome
  var reason: String

  init(_ reason: String, outcome: CommandResult.Outcome = .refused) {
    self.reason = reason
    self.outcome = outcome
  }

  /// What a peer wrote, fit to be repeated.
  static func quoted(_ text: String) -> String {
    "\""
      + String(String.UnicodeScalarView(text.unicodeScalars.prefix(64).filter { $0.value >= 0x20 && $0.value != 0x7f }))
      + "\""
  }
}
