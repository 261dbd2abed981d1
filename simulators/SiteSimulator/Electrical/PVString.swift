import Glibc

/// One string of modules: what it could deliver at its maximum power point.
public struct PVString: Hashable, Sendable {
  /// W under standard test conditions.
  public var peak: Double
  /// Degrees from horizontal.
  public var tilt: Double
  /// Degrees clockwise from north; 180 is south.
  public var azimuth: Double

  public init(peak: Double, tilt: Double, azimuth: Double) {
    self.peak = peak
    self.tilt = tilt
    self.azimuth = azimuth
  }

  /// Cells warm up by 31 K at 1000 W/m² (nominal operating cell temperature 45 °C) and lose 0.35 % a
  /// kelvin; cables, dirt and mismatch take 4 %. DC, W.
  public func available(_ irradiance: Irradiance, outdoor: Double) -> Double {
    let light = irradiance.onPlane(tilt: tilt, azimuth: azimuth)
    let cell = outdoor + 31 * light / 1000
    return max(0, peak * light / 1000 * (1 - 0.0035 * (cell - 25)) * 0.96)
  }

  /// Voltage at `power`, V: rises towards open circuit where the inverter holds the string back.
  func voltage(power: Double, available: Double) -> Double {
    guard available > 1 else { return 0 }
    let maximumPoint = 380 + 18 * log10(min(1, available / peak) + 0.01)
    let heldBack = 1 - min(1, max(0, power / available))
    return maximumPoint * (1 + 0.2 * sqrt(heldBack))
  }
}
