import DeviceProfile
import EnergyModel
import TestKit
import Testing

@testable import MQTTDevices

@Suite struct PayloadTimeTests {
  typealias Topics = SensorTopicsTests

  /// 2026-06-21T10:30:00Z.
  static let noon = Timestamp(milliseconds: 1_782_037_800_000)

  static func roof(_ format: SensorDefinition.PayloadTime.Format) -> SensorDefinition {
    SensorDefinition(
      device: "roof",
      messages: [
        .init(
          topic: TopicPattern(literal: "home/roof"), values: [.init(point: .temperature, path: ["t"])],
          time: .init(path: ["at"], format: format))
      ], maximumAge: .seconds(60))
  }

  static func message(_ at: String, received: Timestamp, isTrusted: Bool = true) -> IncomingMessage {
    let moment = Moment(
      wall: received, monotonic: MonotonicInstant(nanoseconds: 500_000_000_000), isClockTrusted: isTrusted)
    return IncomingMessage(
      topic: "home/roof", payload: Array(#"{"t":21.5,"at":\#(at)}"#.utf8), isRetained: false, received: moment)
  }

  @Test(arguments: [
    ("1782037800", SensorDefinition.PayloadTime.Format.seconds), ("1782037800.0", .seconds),
    ("\"1782037800\"", .seconds), ("1782037800000", .milliseconds), ("\"2026-06-21T10:30:00Z\"", .iso8601),
    ("\"2026-06-21T12:30:00+02:00\"", .iso8601), ("\"2026-06-21T10:30:00.000Z\"", .iso8601),
    ("\"2026-06-21 05:30:00-0500\"", .iso8601),
  ])
  func datesByThePayload(_ at: String, _ format: SensorDefinition.PayloadTime.Format) {
    let readings = Topics.read([Self.roof(format)], Self.message(at, received: Self.noon + .seconds(5)))
    let sample = Topics.sample(readings)
    #expect(sample?.measured.wall == Self.noon)
    #expect(sample?.measured.monotonic == MonotonicInstant(nanoseconds: 495_000_000_000))
    #expect(sample?.readings == [Reading(.temperature, 21.5)])
    #expect(Topics.reasons(readings).isEmpty)
  }

  @Test func whatWasMeasuredLongAgoIsOldAlthoughItComesNow() {
    let readings = Topics.read([Self.roof(.seconds)], Self.message("1782037800", received: Self.noon + .seconds(61)))
    #expect(Topics.sample(readings)?.readings == [Reading(.temperature, 21.5, quality: .stale)])
    #expect(Topics.sample(readings)?.measured.wall == Self.noon)
  }

  @Test func aClockASecondAheadIsForgiven() {
    let received = Self.noon - .seconds(1)
    let readings = Topics.read([Self.roof(.seconds)], Self.message("1782037800", received: received))
    #expect(Topics.sample(readings)?.readings == [Reading(.temperature, 21.5)])
    #expect(Topics.sample(readings)?.measured.wall == received)
  }

  @Test func theFutureCannotHaveBeenMeasured() {
    let readings = Topics.read([Self.roof(.seconds)], Self.message("1782037800", received: Self.noon - .seconds(60)))
    #expect(Topics.sample(readings)?.readings == [Reading(.temperature, 21.5, quality: .stale)])
    #expect(Topics.reasons(readings).count == 1)
    #expect(Topics.reasons(readings).allSatisfy { $0.contains("60000 ms in the future") })
  }

  @Test func withoutATrustedClockNothingIsKnownOfAnAge() {
    let message = Self.message("1782037800", received: Self.noon, isTrusted: false)
    #expect(
      Topics.sample(Topics.read([Self.roof(.seconds)], message))?.readings
        == [Reading(.temperature, 21.5, quality: .stale)])
  }

  @Test(arguments: [
    "null", "true", "\"10:30\"", "\"2026-02-30T10:30:00Z\"", "\"2026-06-21T10:30:00\"", "\"2026-06-21T25:30:00Z\"",
    "\"2026-06-21T10:30:00.Z\"", "\"1969-12-31T23:59:59Z\"", "\"2026-06-21T10:30:00Zzz\"", "{}",
  ])
  func aTimeThatIsNoneDatesNothing(_ at: String) {
    let readings = Topics.read([Self.roof(.iso8601)], Self.message(at, received: Self.noon))
    #expect(Topics.sample(readings)?.readings == [Reading(.temperature, 21.5, quality: .stale)])
    #expect(Topics.reasons(readings).count == 1)
  }

  @Test func timesBeyondAllReasonAreNone() {
    for at in ["1e300", "-5", "99999999999999999"] {
      let readings = Topics.read([Self.roof(.seconds)], Self.message(at, received: Self.noon))
      #expect(Topics.sample(readings)?.readings == [Reading(.temperature, 21.5, quality: .stale)])
    }
  }

  @Test func aMissingTimeIsToldAndTheValueIsOld() {
    let message = Topics.message(#"{"t":21.5}"#)
    let readings = Topics.read([Self.roof(.seconds)], message)
    #expect(Topics.sample(readings)?.readings == [Reading(.temperature, 21.5, quality: .stale)])
    #expect(Topics.reasons(readings) == [#"home/roof: has no at in: {"t":21.5}"#])
  }
}
