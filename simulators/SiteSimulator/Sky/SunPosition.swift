public import EnergyModel
import Glibc

/// Where the sun stands, in degrees: elevation of its centre above the horizon without refraction, azimuth
/// clockwise from north.
///
/// Low-precision formulas of the Astronomical Almanac, good to 0.01° between 1950 and 2050 (Michalsky: "The
/// Astronomical Almanac's algorithm for approximate solar position", Solar Energy 40, 1988).
public struct SunPosition: Hashable, Sendable {
  public var elevation: Double
  public var azimuth: Double

  /// - Parameters:
  ///   - latitude: degrees, north positive.
  ///   - longitude: degrees, east positive.
  public init(at time: Timestamp, latitude: Double, longitude: Double) {
    let degree = Double.pi / 180
    let days = time.daysSinceJ2000
    let meanLongitude = 280.460 + 0.985_647_4 * days
    let anomaly = (357.528 + 0.985_600_3 * days) * degree
    let eclipticLongitude = (meanLongitude + 1.915 * sin(anomaly) + 0.020 * sin(2 * anomaly)) * degree
    let obliquity = (23.439 - 0.000_000_4 * days) * degree
    let rightAscension = atan2(cos(obliquity) * sin(eclipticLongitude), cos(eclipticLongitude))
    let declination = asin(sin(obliquity) * sin(eclipticLongitude))

    // Greenwich mean sidereal time as an angle; a day of it is 360.985...° long.
    let sidereal = 280.460_618_37 + 360.985_647_366_29 * days
    let hourAngle = (sidereal + longitude) * degree - rightAscension
    let phi = latitude * degree
    elevation = asin(sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(hourAngle)) / degree
    let east = -cos(declination) * sin(hourAngle)
    let north = sin(declination) * cos(phi) - cos(declination) * sin(phi) * cos(hourAngle)
    let angle = atan2(east, north) / degree
    azimuth = angle < 0 ? angle + 360 : angle
  }
}
