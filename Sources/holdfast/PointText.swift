import DeviceProfile
import EnergyModel
import ModbusDevices

extension Point {
  /// As people write it, from the name; empty for states and codes.
  var unit: String {
    let units = [
      ("_w_m2", "W/m²"), ("_var", "var"), ("_va", "VA"), ("_wh", "Wh"), ("_hz", "Hz"), ("_percent", "%"), ("_w", "W"),
      ("_v", "V"), ("_a", "A"), ("_c", "°C"),
    ]
    return units.first { rawValue.hasSuffix($0.0) }?.1 ?? ""
  }
}

extension Reading {
  /// `230.1 V`, or nothing where there is no value.
  var valueText: String {
    value.map { JSONText.decimal($0, point.decimals) + (point.unit.isEmpty ? "" : " \(point.unit)") } ?? "–"
  }
}

extension SetpointKind {
  var unit: String {
    let units = [("_w", "W"), ("_a", "A")]
    return units.first { rawValue.hasSuffix($0.0) }?.1 ?? ""
  }

  func text(_ value: Double) -> String {
    "\(rawValue) \(JSONText.decimal(value, 2))" + (unit.isEmpty ? "" : " \(unit)")
  }
}

extension ReadBlock {
  /// `holding 40085`, `input 52…53`.
  var text: String { "\(space.rawValue) \(start)" + (count > 1 ? "…\(start + count - 1)" : "") }
}

extension Sequence<UInt16> {
  var hex: String {
    map { word in
      let digits = String(word, radix: 16, uppercase: true)
      return String(repeating: "0", count: 4 - digits.count) + digits
    }.joined(separator: " ")
  }
}

extension DeviceTalk.Origin {
  /// `holding 40085: 04D2`.
  var text: String { "\(registers.text): \(words?.hex ?? "not read")" }
}

extension String {
  func padded(to width: Int, right: Bool = false) -> String {
    let gap = String(repeating: " ", count: Swift.max(0, width - count))
    return right ? gap + self : self + gap
  }
}
