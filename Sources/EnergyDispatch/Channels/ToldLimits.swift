import EnergyModel

/// Tells when a channel's limits begin, change and end, each once.
struct ToldLimits: Hashable, Sendable {
  private var values: [LimitedQuantity: Double] = [:]

  init() {}

  /// Pairs of a quantity and its value.
  init(saved words: ArraySlice<Substring>) {
    let words = Array(words)
    for index in stride(from: 0, to: words.count - 1, by: 2) {
      guard let quantity = LimitedQuantity(rawValue: String(words[index])), let value = Double(words[index + 1])
      else { continue }
      values[quantity] = value
    }
  }

  /// Nothing was limited when it was last looked at.
  var isEmpty: Bool { values.isEmpty }

  /// Each with a blank before it.
  var saved: String {
    LimitedQuantity.allCases.compactMap { quantity in values[quantity].map { " \(quantity.rawValue) \($0)" } }.joined()
  }

  mutating func follow(
    _ applied: ArraySlice<ChannelStates.Applied>, _ channel: SiteParameters.Channel, _ now: Moment
  ) -> [Event] {
    guard !applied.isEmpty || !values.isEmpty else { return [] }
    var events: [Event] = []
    for quantity in LimitedQuantity.allCases {
      let limit = applied.first { $0.quantity == quantity }
      guard limit?.value != values[quantity] else { continue }
      values[quantity] = limit?.value
      var data: [String: Event.Value] = ["channel": .text(channel.name), "quantity": .text(quantity.rawValue)]
      if let limit {
        data["value"] = .number(limit.value)
        let failsafe = limit.origin == .failsafe ? ", its failsafe value" : ""
        events.append(
          Event(at: now, name: "limit-begins", severity: .warning, text: "\(limit.words)\(failsafe)", data: data))
      } else {
        let text = "\(channel.name) no longer limits \(Self.words(quantity))"
        events.append(Event(at: now, name: "limit-ends", severity: .info, text: text, data: data))
      }
    }
    return events
  }

  private static func words(_ quantity: LimitedQuantity) -> String {
    switch quantity {
    case .importPower: "the import"
    case .controllablePower: "the controllable devices"
    case .exportPower, .exportPercent: "the export"
    }
  }
}
