import EnergyModel

/// Which ends of its windows a battery has reached: the hystereses of ``DeviceProtectionRule``.
struct ProtectionMemory: RuleMemory {
  var isLow = false
  var isHigh = false
  var isOutOfTemperature = false
  var isCellLow = false
  var isCellHigh = false

  static var hasAges: Bool { false }

  init() {}

  static func lost(at now: MonotonicInstant) -> ProtectionMemory {
    var memory = ProtectionMemory()
    for (_, state) in states { memory[keyPath: state] = true }
    return memory
  }

  private static var states: [(word: String, state: WritableKeyPath<ProtectionMemory, Bool>)] {
    [
      ("low", \.isLow), ("high", \.isHigh), ("temperature", \.isOutOfTemperature), ("cell-low", \.isCellLow),
      ("cell-high", \.isCellHigh),
    ]
  }

  init?(saved: Substring, at now: MonotonicInstant) {
    let words = saved.split(separator: " ")
    guard !words.isEmpty else { return nil }
    for word in words where word != "inside" {
      guard let state = Self.states.first(where: { $0.word == word })?.state else { return nil }
      self[keyPath: state] = true
    }
  }

  func saved(at now: MonotonicInstant) -> String {
    var text = ""
    if isLow { text += "low " }
    if isHigh { text += "high " }
    if isOutOfTemperature { text += "temperature " }
    if isCellLow { text += "cell-low " }
    if isCellHigh { text += "cell-high " }
    return text.isEmpty ? "inside" : String(text.dropLast())
  }
}
