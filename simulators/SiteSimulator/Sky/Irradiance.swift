import Glibc

/// Sunlight at the ground, W/m².
public struct Irradiance: Hashable, Sendable {
  /// Direct light on a plane that faces the sun.
  public var beam: Double
  /// Light of the sky on a horizontal plane.
  public var diffuse: Double
  public var sun: SunPosition

  /// - Parameter transmission: of the clouds for direct light, 0...1.
  ///
  /// Air mass by Kasten and Young (Applied Optics 28, 1989); direct light by Meinel and Meinel ("Applied
  /// Solar Energy", 1976); a tenth of it again as light of the clear sky. Clouds turn about a third of
  /// what they take from the direct light into diffuse light.
  init(sun: SunPosition, transmission: Double) {
    self.sun = sun
    guard sun.elevation > 0 else {
      beam = 0
      diffuse = 0
      return
    }
    let height = sin(sun.elevation * .pi / 180)
    let airMass = 1 / (height + 0.505_72 * pow(sun.elevation + 6.079_95, -1.6364))
    let clear = 1361 * pow(0.7, pow(airMass, 0.678))
    beam = clear * transmission
    diffuse = 0.1 * clear * height + 0.35 * clear * height * (1 - transmission)
  }

  /// On a plane, by the isotropic sky of Liu and Jordan (Solar Energy 4, 1960); the ground reflects a fifth.
  /// - Parameters:
  ///   - tilt: degrees from horizontal.
  ///   - azimuth: degrees clockwise from north.
  func onPlane(tilt: Double, azimuth: Double) -> Double {
    guard sun.elevation > 0 else { return 0 }
    let degree = Double.pi / 180
    let (sinElevation, cosElevation) = (sin(sun.elevation * degree), cos(sun.elevation * degree))
    let (sinTilt, cosTilt) = (sin(tilt * degree), cos(tilt * degree))
    let incidence = sinElevation * cosTilt + cosElevation * sinTilt * cos((sun.azimuth - azimuth) * degree)
    let horizontal = beam * sinElevation + diffuse
    return beam * max(0, incidence) + diffuse * (1 + cosTilt) / 2 + 0.2 * horizontal * (1 - cosTilt) / 2
  }
}
