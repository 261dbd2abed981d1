import ArgumentParser
import EnergyModel
import SiteConfig

/// `charge_limit_w 3 kW discharge_limit_w 0 W`: names of setpoints, each with a value as in a configuration.
enum SetpointArguments {
  static func values(_ words: [String]) throws -> [SetpointKind: Double] {
    var values: [SetpointKind: Double] = [:]
    var rest = words[...]
    while let name = rest.popFirst() {
      guard let kind = SetpointKind(rawValue: name) else {
        let names = SetpointKind.allCases.map(\.rawValue).joined(separator: ", ")
        throw ValidationError("\(name) is nothing that a device can be told: \(names)")
      }
      let text = rest.prefix { SetpointKind(rawValue: $0) == nil }
      rest = rest.dropFirst(text.count)
      guard !text.isEmpty else { throw ValidationError("\(name) lacks a value") }
      guard values[kind] == nil else { throw ValidationError("\(name) is there twice") }
      values[kind] = try value(of: kind, text.joined(separator: " "))
    }
    return values
  }

  private static func value(of kind: SetpointKind, _ text: String) throws -> Double {
    do {
      switch kind {
      case .chargeLimit, .dischargeLimit, .productionLimit: return try ArgumentMeasure.power(text)
      case .chargingCurrent: return try ArgumentMeasure.current(text)
      case .relayOn where text == "on": return 1
      case .relayOn where text == "off": return 0
      case .relayOn, .heatPumpState, .chargingPhases: return try ArgumentMeasure.number(text)
      }
    } catch {
      throw ValidationError("\(kind.rawValue): \(error)")
    }
  }
}
