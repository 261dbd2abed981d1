import DeviceProfile
import EnergyModel

extension ScanReport {
  /// One object with everything.
  public var json: String {
    var text = JSONText()
    text.object { json in
      json.key("complete")
      json.value(incomplete == nil)
      if let incomplete {
        json.key("incomplete")
        json.value(incomplete)
      }
      json.key("buses")
      json.array { json in
        for bus in buses { write(bus, into: &json) }
      }
      json.key("yaml")
      json.value(yaml.map { $0 + "\n" }.joined())
    }
    return text.text
  }

  private func write(_ bus: ScannedBus, into json: inout JSONText) {
    json.object { json in
      json.key("address")
      json.value(bus.address)
      json.key("framing")
      json.value(bus.endpoint.framing.rawValue)
      if case .serial(_, let line) = bus.endpoint {
        json.key("line")
        json.value(line.description)
      }
      json.key("units")
      json.array { json in
        for unit in bus.units { write(unit, into: &json) }
      }
      json.key("notes")
      write(bus.notes, into: &json)
    }
  }

  private func write(_ unit: ScannedUnit, into json: inout JSONText) {
    json.object { json in
      json.key("unit")
      json.value(unit.best?.unit ?? unit.unit)
      json.key("ignores_units")
      json.value(unit.ignoresUnits)
      let label = unit.label
      for (key, value) in [
        ("manufacturer", label.manufacturer), ("model", label.model), ("version", label.version),
        ("serial", label.serial),
      ] {
        json.key(key)
        if let value { json.value(value) } else { json.null() }
      }
      json.key("round_trip_ms")
      if let trip = unit.roundTrip { json.value(Double(trip.nanoseconds) / 1e6, decimals: 2) } else { json.null() }
      json.key("sunspec_models")
      json.array { json in
        for model in unit.map?.models ?? [] { json.value(model.id) }
      }
      json.key("profile")
      if let best = unit.best { write(best, into: &json) } else { json.null() }
      for (key, matches) in [("parts", unit.parts), ("alternatives", unit.alternatives)] {
        json.key(key)
        json.array { json in
          for match in matches { write(match, into: &json) }
        }
      }
      json.key("samples")
      write(unit.samples, into: &json)
      json.key("coils")
      json.value(unit.coilCount)
      json.key("discrete_inputs")
      json.value(unit.inputCount)
    }
  }

  private func write(_ match: ProfileMatch, into json: inout JSONText) {
    json.object { json in
      json.key("name")
      json.value(match.profile.name)
      json.key("title")
      json.value(match.profile.title)
      json.key("unit")
      json.value(match.unit)
      json.key("fit")
      json.value(match.fit)
      json.key("score")
      json.value(match.score, decimals: 1)
      json.key("experimental")
      json.value(match.profile.isExperimental)
      json.key("serial")
      if let serial = match.serial { json.value(serial) } else { json.null() }
      json.key("reasons")
      write(match.reasons, into: &json)
      json.key("doubts")
      write(match.doubts, into: &json)
    }
  }

  private func write(_ texts: [String], into json: inout JSONText) {
    json.array { json in
      for text in texts { json.value(text) }
    }
  }
}
