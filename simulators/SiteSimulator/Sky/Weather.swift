public import EnergyModel
import Glibc

/// Light and temperature outside. It changes slowly, so the world steps it once a second at most.
public struct Weather: Sendable {
  public private(set) var irradiance: Irradiance
  /// Outdoor temperature, °C.
  public private(set) var temperature: Double
  public private(set) var solarHour: Double
  private var random: Random
  private var clouds: Clouds
  private var drift: Wander
  private var sun: SunPosition
  /// Seconds until the sun has moved enough to be looked up again.
  private var sunAge = 0.0
  private let latitude: Double
  private let longitude: Double

  public init(parameters: WorldParameters, seed: UInt64, start: Timestamp) {
    latitude = parameters.latitude
    longitude = parameters.longitude
    random = Random(seed: seed, stream: 1)
    clouds = Clouds(meanCover: parameters.cloudCover, using: &random)
    drift = Wander(spread: 3, seconds: 50_000, using: &random)
    sun = SunPosition(at: start, latitude: latitude, longitude: longitude)
    irradiance = Irradiance(sun: sun, transmission: 1)
    solarHour = start.solarHour(longitude: longitude)
    temperature = 0
    temperature = Self.mean(start, hour: solarHour) + drift.value
  }

  public mutating func step(_ seconds: Double, now: Timestamp) {
    sunAge += seconds
    if sunAge >= 20 {
      sunAge = 0
      sun = SunPosition(at: now, latitude: latitude, longitude: longitude)
    }
    clouds.step(seconds, using: &random)
    drift.step(seconds, using: &random)
    solarHour = now.solarHour(longitude: longitude)
    irradiance = Irradiance(sun: sun, transmission: clouds.transmission)
    temperature = Self.mean(now, hour: solarHour) + drift.value
  }

  /// Central Europe in round figures: 10 °C over the year, ±9.5 K with the coldest day at the end of
  /// January, ±4 K over the day with the warmest hour at three in the afternoon.
  private static func mean(_ time: Timestamp, hour: Double) -> Double {
    let year = 2 * Double.pi * (time.daysSinceJ2000 - 26) / 365.25
    return 10 - 9.5 * cos(year) + 4 * cos(2 * Double.pi * (hour - 15) / 24)
  }
}
