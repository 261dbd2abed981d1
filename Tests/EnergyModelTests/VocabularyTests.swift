import EnergyModel
import Testing

@Suite struct VocabularyTests {
  /// These names are on disks and on wires: removing or renaming one breaks receivers in the field.
  @Test func namesOnTheWireStay() {
    let names = Point.allCases.map(\.rawValue)
    #expect(Set(names).count == names.count)
    for name in ["power_w", "voltage_l1_v", "frequency_hz", "energy_import_wh", "soc_percent", "battery_power_w"] {
      #expect(Point(rawValue: name) != nil)
    }
  }

  @Test func everyQuantityCarriesItsUnit() {
    let units = ["w", "v", "a", "hz", "wh", "c", "percent", "var", "va", "m2"]
    let without: Set<Point> = [
      .powerFactor, .operatingState, .batteryState, .alarms, .productionLimitActive, .storageControl, .relayOn,
      
      .chargingPhases, .chargingState, .heatPumpState, .contact, .islanded,
    ]
    for point in Point.allCases where !without.contains(point) {
      let unit = point.rawValue.split(separator: "_").last.map(String.init) ?? ""
      #expect(units.contains(unit), "\(point.rawValue)")
    }
  }

  @Test func resolutionsFollowTheDesign() {
    #expect(Point.power.resolution == 1)
    #expect(Point.voltageL1.resolution == 0.1)
    #expect(Point.currentL1.resolution == 0.01)
  }

  @Test func anEpochIsSixteenLowerCaseDigits() {
    #expect(Epoch(number: 0xAB).description == "00000000000000ab")
    #expect(Epoch("00000000000000ab") == Epoch(number: 0xAB))
    for wrong in ["ab", "00000000000000AB", "00000000000000zz", "+0000000000000ab", ""] { #expect(Epoch(wrong) == nil) }
  }

  @Test func aFailedReadHasNoValueAndNoAge() {
    let now = Moment(wall: Timestamp(milliseconds: 0), monotonic: MonotonicInstant(nanoseconds: 10_000_000_000))
    let earlier = Moment(wall: Timestamp(milliseconds: 0), monotonic: MonotonicInstant(nanoseconds: 7_000_000_000))
    var snapshot = SiteSnapshot(now: now)
    snapshot.observations["meter"] = [
      .power: Observation(value: 5, quality: .good, measured: earlier),
      .frequency: Observation(value: 50, quality: .timeout, measured: earlier),
    ]
    #expect(snapshot.value("meter", .power, maximumAge: .seconds(3)) == 5)
    #expect(snapshot.value("meter", .power, maximumAge: .seconds(2)) == nil)
    #expect(snapshot.value("meter", .frequency, maximumAge: .seconds(60)) == nil)
    #expect(snapshot.value("meter", .soc, maximumAge: .seconds(60)) == nil)
  }
}
