public import EnergyModel

extension DeviceProfile {
  /// After how much a counter in registers begins anew, in the point's unit, by the width of its unsigned types and
  /// SunSpec's accumulators. Where a register tells the scale there are several answers.
  public var rollOvers: [Point: [Double]] {
    points.reduce(into: [:]) { found, definition in
      guard definition.point.isCounter else { return }
      let spans = definition.terms.flatMap(\.field.rollOvers)
      if !spans.isEmpty { found[definition.point] = Array(Set(spans)).sorted() }
    }
  }
}

extension RegisterField {
  fileprivate var rollOvers: [Double] {
    let numbers: Double
    switch type {
    case .uint32, .acc32: numbers = 4_294_967_296
    case .uint64, .acc64: numbers = 18_446_744_073_709_551_616
    default: return []
    }
    switch scale {
    case .literal(let factor): return [numbers * abs(factor)]
    case .factor(_, let times):
      // A thousandth to a thousand: what such counters count in.
      return [0.001, 0.01, 0.1, 1, 10, 100, 1000].map { numbers * abs(times) * $0 }
    }
  }
}
