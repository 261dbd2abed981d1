// How the records of one segment are stored. The number of the format stands beside each payload, so
// that another may follow. Every payload carries a checksum, four bytes against silent damage of the flash.
//
// Formats 6, 7 and 8, samples: bits as ``BitWriter`` writes them, then their checksum. A *shape* is a device and the
// points it told together. A few seconds of data are a handful of values a point, so what is always the same
// takes no bits a record, every list has its own width, and devices share what they have in common.
//   magnitude: number of records; magnitude: number of shapes
//   series: the shapes' numbers in the table `shape` less 0, 1, 2, …, because the names are larger than the data
//   series: per record, how many shapes on from the one before its shape is, less one, round and round (before the
//     first record: the last shape)
//   series of one: milliseconds since 1970 of the first record of the first shape
//   series: the same of the other shapes, difference to the shape before
//   series: per shape with two records or more, milliseconds from the first to the second, its period
//   column: per such shape, per record from its third on, milliseconds since the one before less the period
//   series: per record, 1 where its clock was not trusted, 0 otherwise
//   series: per record, the milliseconds that it stands for plus one, 0 where it stands for a moment
//   magnitude: number of remarks; readings are counted through all records in order
//     series: per remark, how many readings lie between it and the one before
//     series: per remark, quality (low 4 bits) + 16 if the reading has a value
//     a reading without a remark is good and has a value
//   per point, in the order in which they come first, values in units of its resolution:
//     series: per shape that has the point, its first value
//     column: per such shape, each further value, difference to the one before
// Format 7 is a thinned segment of one-minute means, 8 one of quarter-hour means; their records have no seq.
//
// The other formats are zstd frames with a checksum. Inside, all integers are written by ``ByteWriter``: u unsigned,
// s signed.
//
// Format 2, entries of the event log:
//   u number of records
//   per record: s milliseconds since the record before (first: since 1970), u bytes of its body
//   the bodies, UTF-8
//
// Format 1, samples, no longer written:
//   u number of records
//   u number of shapes, each: u its number in the table `shape`
//   per record: u shape
//   per record: s milliseconds since the record before (first: since 1970)
//   u number of records whose clock was not trusted, each: u difference of its index to the one before
//   u number of remarks, each: u difference of the reading's index to the one before, u quality as above
//   per shape, per point, per record of the shape that has a value:
//     s value in units of the point's resolution, difference to the one before (first: to 0)
//
// Formats 3, 4 and 5, no longer written: format 1 with one part more, after the clocks:
//   u number of records that stand for an interval, each: u difference of its index to the one before, u its ms
// Format 4 is a thinned segment of one-minute means, 5 one of quarter-hour means.
//
// The monotonic instant of a sample means nothing after a restart and is not stored; it reads as 0.

/// The number that says how a payload is laid out.
enum SegmentFormat: Int64, Sendable {
  case firstSamples = 1
  case entries = 2
  case firstAverages = 3
  case firstThinnedToMinutes = 4
  case firstThinnedToQuarters = 5
  case samples = 6
  case thinnedToMinutes = 7
  case thinnedToQuarters = 8

  /// What the records are, however they are stored.
  enum Content: Sendable { case samples, minutes, quarters, entries }

  var content: Content {
    switch self {
    case .firstSamples, .firstAverages, .samples: .samples
    case .firstThinnedToMinutes, .thinnedToMinutes: .minutes
    case .firstThinnedToQuarters, .thinnedToQuarters: .quarters
    case .entries: .entries
    }
  }

  var isThinned: Bool { content == .minutes || content == .quarters }
}

/// Why a stored segment cannot be read.
enum SegmentDamage: Error, Hashable, Sendable {
  case truncated
  case malformed(String)
  /// Of zstd: no frame, a wrong checksum, an implausible size.
  case notDecompressible(String)
  case wrongChecksum
  case unknownFormat(Int64)
}
