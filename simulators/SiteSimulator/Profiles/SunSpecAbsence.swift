/// What SunSpec puts into the registers of a model of which nobody said anything, by the types of its points
/// (github.com/sunspec/models, commit 7abdf898).
enum SunSpecAbsence {
  /// The points after L one after the other: `u` 0xFFFF (unsigned, enumerations, bit fields), `s` 0x8000 (signed, scale
  /// factors, padding), `z` zero (text, accumulators, what follows the first word of a wide signed number), `n` NaN, two
  /// registers. A number repeats what is behind it.
  private static let patterns: [Int: (fixed: String, group: String)] = {
    let measuring = "4u s 6u 3s u 7s 2z s u s u 8s 14u"
    let meter = "36s 16z s 16z s 32z s 2u"
    var patterns = [
      1: ("64z u s", ""), 120: ("2u s u 6s u 6s u s u s u s u 2s", ""), 121: ("2u s 3u 4s u 4s 5u 10s", ""),
      122: ("3u 24z 2s u s 4u 4z 4u s", ""), 123: ("8u s 4u 3s 5u 3s", ""), 124: ("10u 2s 4u 8s", ""),
      160: ("4s 4u", "u 8z 3u 2z 2u s 3u"), 701: ("8u 5s 20u 11s 18u 5s 18u 5s 21u 10s 32z", ""), 702: ("43u 7s", ""),
      703: ("15u 2s", ""), 704: ("22u s z s z 2s 8u s z s z 2s 9u 6s 8u", ""), 713: ("5u 2s", ""),
      714: ("3u 2s 8u 5s", "2u 8z s u s 8u s 3u"), 715: ("7u", ""), 802: ("42u s 2u s u s 2u 12s", ""),
      803: ("2u s 2u s 2u s 5u s u s u s u 6s", "6u s 5u s u s u s 13u 2s"),
      804: ("11u s 6u s u s u 2s 12u 10s", "8u s u s u 4s"),
    ]
    for id in 101...103 { patterns[id] = (measuring, "") }
    for id in 111...113 { patterns[id] = ("23n 14u", "") }
    for id in 201...204 { patterns[id] = (meter, "") }
    for id in 211...214 { patterns[id] = ("61n 2u", "") }
    return patterns
  }()

  /// As many as L says; 0xFFFF where the model is not known.
  static func words(of id: Int, length: Int) -> [UInt16] {
    guard let pattern = patterns[id] else { return [UInt16](repeating: 0xFFFF, count: length) }
    var found = words(pattern.fixed)
    let group = words(pattern.group)
    while !group.isEmpty, found.count < length { found += group }
    found += [UInt16](repeating: 0xFFFF, count: max(0, length - found.count))
    return Array(found.prefix(length))
  }

  private static func words(_ pattern: String) -> [UInt16] {
    pattern.split(separator: " ").flatMap { part -> [UInt16] in
      let one: [UInt16] =
        switch part.last {
        case "s": [0x8000]
        case "z": [0]
        case "n": [0x7FC0, 0]
        default: [0xFFFF]
        }
      return (0..<(Int(part.dropLast()) ?? 1)).flatMap { _ in one }
    }
  }
}
