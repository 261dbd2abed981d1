// How the records of one segment are stored. The number of the format stands beside each payload, so
// that another may follow. Every payload is one zstd frame with a checksum (4 bytes against silent
// damage of the flash). Inside, all integers are written by ``ByteWriter``: u unsigned, s signed.
//
// Format 1, samples:
//   u number of records
//   u number of shapes; a shape is a device and the points it told together
//     each: u its number in the table `shape`, because a few seconds of data are smaller than the names in them
//   per record: u shape
//   per record: s milliseconds since the record before (first: since 1970)
//   u number of records whose clock was not trusted, each: u difference of its index to the one before
//   u number of remarks; readings counted through all records in order
//     each: u difference of the reading's index to the one before, u quality (low 4 bits) + 16 if it has a value
//     a reading without a remark is good and has a value
//   per shape, per point, per record of the shape that has a value:
//     s value in units of the point's resolution, difference to the one before (first: to 0)
//
// Formats 3, 4 and 5, samples of which some stand for an interval: format 1 with one part more, after the clocks:
//   u number of records that stand for an interval, each: u difference of its index to the one before, u its ms
// Format 4 is a thinned segment of one-minute means, 5 one of quarter-hour means; their records have no seq.
//
// Format 2, entries of the event log:
//   u number of records
//   per record: s milliseconds since the record before (first: since 1970), u bytes of its body
//   the bodies, UTF-8
//
// The monotonic instant of a sample means nothing after a restart and is not stored; it reads as 0.

/// The number that says how a payload is laid out.
enum SegmentFormat: Int64, Sendable {
  case samples = 1
  case entries = 2
  case averages = 3
  case thinnedToMinutes = 4
  case thinnedToQuarters = 5

  var isThinned: Bool { self == .thinnedToMinutes || self == .thinnedToQuarters }
}

/// Why a stored segment cannot be read.
enum SegmentDamage: Error, Hashable, Sendable {
  case truncated
  case malformed(String)
  /// Of zstd: no frame, a wrong checksum, an implausible size.
  case notDecompressible(String)
  case unknownFormat(Int64)
}
