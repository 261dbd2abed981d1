import DeviceProfile
import EnergyModel
import Foundation
import MQTTDevices

/// Payloads of sensors, held against Foundation's reading of JSON.
enum PayloadFuzzing {
  private static let paths: [(Point, [String])] = [
    (.power, ["a"]), (.energyImport, ["b", "c"]), (.voltageL1, ["l", "1"]), (.frequency, ["0"]),
  ]

  private static let sensor = SensorDefinition(
    device: "sensor", topic: "t", values: paths.map { .init(point: $0.0, path: $0.1) })

  static func feed(_ bytes: [UInt8]) throws(FuzzFinding) {
    var topics = SensorTopics([sensor])
    let now = Moment(wall: Timestamp(milliseconds: 1_700_000_000_000), monotonic: MonotonicInstant(nanoseconds: 1))
    let message = IncomingMessage(topic: "t", payload: bytes, isRetained: false, received: now)
    var good: [Point: Double] = [:]
    for case .sample(let sample) in topics.readings(for: message) {
      for reading in sample.readings where reading.quality == .good { good[reading.point] = reading.value }
    }
    for (point, value) in good {
      try FuzzFinding.require(
        value.isFinite && point.plausibleRange.contains(value), "\(point.rawValue) of \(value) is good")
    }
    try compare(good, bytes)
  }

  private static func compare(_ good: [Point: Double], _ bytes: [UInt8]) throws(FuzzFinding) {
    // Foundation takes JSON in UTF-16 and with a byte order mark as well, treats equal keys and escapes in its own way, and
    // refuses a number that a double does not hold, wherever it stands.
    guard bytes.count <= SensorTopics.longestPayload, !bytes.contains(0), !bytes.contains(0x5C), bytes.first != 0xEF,
      String(validating: bytes, as: UTF8.self) != nil, hasNoEqualKeys(bytes), !hasHugeExponent(bytes)
    else { return }
    let reference = try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    for (point, path) in paths {
      guard let value = good[point] else { continue }
      guard let reference else { throw FuzzFinding("\(point.rawValue) of \(value) is read from what is no JSON") }
      let told = number(at: path[...], in: reference)
      try FuzzFinding.require(
        told.map { abs($0 - value) <= 1e-12 * max(1, abs($0)) } ?? false,
        "\(point.rawValue) is \(value), and \(String(describing: told)) for Foundation")
    }
  }

  private static func hasHugeExponent(_ bytes: [UInt8]) -> Bool {
    bytes.indices.contains { index in
      guard bytes[index] | 0x20 == UInt8(ascii: "e") else { return false }
      let digits = bytes[(index + 1)...].drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
      return digits.prefix(3).filter { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count == 3
    }
  }

  private static func hasNoEqualKeys(_ bytes: [UInt8]) -> Bool {
    ["\"a\"", "\"b\"", "\"c\"", "\"l\"", "\"0\"", "\"1\""].allSatisfy { key in
      let key = Array(key.utf8)
      var count = 0
      for start in bytes.indices.dropLast(key.count - 1) where bytes[start..<start + key.count].elementsEqual(key) {
        count += 1
      }
      return count <= 1
    }
  }

  private static func number(at path: ArraySlice<String>, in value: Any) -> Double? {
    guard let key = path.first else {
      if let text = value as? String { return Double(text.trimmingCharacters(in: .whitespaces)) }
      return (value as? NSNumber)?.doubleValue
    }
    if let object = value as? [String: Any] { return object[key].flatMap { number(at: path.dropFirst(), in: $0) } }
    guard let list = value as? [Any], let index = Int(key), list.indices.contains(index) else { return nil }
    return number(at: path.dropFirst(), in: list[index])
  }
}
