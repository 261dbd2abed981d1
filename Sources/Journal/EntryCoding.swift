import EnergyModel

/// Entries of the event log in format 2, see `SegmentFormat.swift`.
enum EntryCoding {
  struct Stored: Hashable, Sendable {
    var time: Timestamp
    var body: String
  }

  static func encode(_ entries: [Stored]) -> [UInt8] {
    var writer = ByteWriter()
    writer.count(entries.count)
    var previous: Int64 = 0
    for entry in entries {
      writer.signed(entry.time.milliseconds &- previous)
      writer.count(entry.body.utf8.count)
      previous = entry.time.milliseconds
    }
    for entry in entries { writer.raw(entry.body.utf8) }
    return writer.bytes
  }

  static func decode(_ bytes: [UInt8]) throws(SegmentDamage) -> [Stored] {
    var reader = ByteReader(bytes)
    var heads: [(time: Int64, length: Int)] = []
    var time: Int64 = 0
    for _ in 0..<(try reader.count()) {
      time = time &+ (try reader.signed())
      heads.append((time, try reader.count()))
    }
    var entries: [Stored] = []
    for head in heads {
      guard let body = String(validating: try reader.raw(head.length), as: UTF8.self) else {
        throw .malformed("a body is not UTF-8")
      }
      entries.append(Stored(time: Timestamp(milliseconds: head.time), body: body))
    }
    guard reader.remaining == 0 else { throw .malformed("\(reader.remaining) bytes too many") }
    return entries
  }
}
