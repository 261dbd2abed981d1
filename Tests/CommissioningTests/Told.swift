import EnergyModel

@testable import Commissioning

/// A sample of some device; its time does not matter.
func told(_ values: [Point: Double]) -> Sample {
  Sample(
    device: "device",
    measured: Moment(wall: Timestamp(milliseconds: 0), monotonic: MonotonicInstant(nanoseconds: 1)),
    readings: values.map { Reading($0.key, $0.value) })
}

extension DeviceBounds {
  /// 10 kW, a battery of 5 kW either way between 10 and 95 %.
  static var hybrid: DeviceBounds {
    var bounds = DeviceBounds()
    bounds.acLimit = 10_000
    bounds.battery = Battery(
      maximumCharge: 5000, maximumDischarge: 5000, socWindow: 10...95, temperatureWindow: 0...45, chargesFromGrid: false
    )
    return bounds
  }
}
