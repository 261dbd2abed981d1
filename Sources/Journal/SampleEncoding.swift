import EnergyModel

/// Writes samples in format 1, see `SegmentFormat.swift`.
struct SampleEncoding {
  private var shapes: [Shape] = []
  private var shapeOf: [Int] = []
  private var members: [[Int]] = []
  private let samples: [Sample]

  /// The bytes of a segment, uncompressed.
  static func encode(_ samples: [Sample], hasSpans: Bool, table: inout ShapeTable) -> [UInt8] {
    let encoding = SampleEncoding(samples)
    var writer = ByteWriter()
    encoding.writeShapes(&writer, &table)
    encoding.writeTimes(&writer)
    if hasSpans { encoding.writeSpans(&writer) }
    encoding.writeRemarks(&writer)
    encoding.writeColumns(&writer)
    return writer.bytes
  }

  private init(_ samples: [Sample]) {
    self.samples = samples
    var known: [Shape: Int] = [:]
    for (index, sample) in samples.enumerated() {
      let shape = Shape(device: sample.device, points: sample.readings.map(\.point))
      let number = known[shape] ?? shapes.count
      if number == shapes.count {
        known[shape] = number
        shapes.append(shape)
        members.append([])
      }
      shapeOf.append(number)
      members[number].append(index)
    }
  }

  private func writeShapes(_ writer: inout ByteWriter, _ table: inout ShapeTable) {
    writer.count(samples.count)
    writer.count(shapes.count)
    for shape in shapes { writer.count(table.number(of: shape)) }
    for shape in shapeOf { writer.count(shape) }
  }

  private func writeTimes(_ writer: inout ByteWriter) {
    var previous: Int64 = 0
    for sample in samples {
      writer.signed(sample.measured.wall.milliseconds &- previous)
      previous = sample.measured.wall.milliseconds
    }
    let untrusted = samples.indices.filter { !samples[$0].measured.isClockTrusted }
    writer.count(untrusted.count)
    var last = 0
    for index in untrusted {
      writer.count(index - last)
      last = index
    }
  }

  private func writeSpans(_ writer: inout ByteWriter) {
    let averages = samples.indices.filter { samples[$0].span != nil }
    writer.count(averages.count)
    var last = 0
    for index in averages {
      writer.count(index - last)
      writer.unsigned(UInt64(clamping: samples[index].span?.milliseconds ?? 0))
      last = index
    }
  }

  private func writeRemarks(_ writer: inout ByteWriter) {
    var remarks: [(index: Int, code: UInt64)] = []
    var index = 0
    for sample in samples {
      for reading in sample.readings {
        let code = ReadingCode(reading)
        if !code.isUnremarkable { remarks.append((index, code.number)) }
        index += 1
      }
    }
    writer.count(remarks.count)
    var last = 0
    for remark in remarks {
      writer.count(remark.index - last)
      writer.unsigned(remark.code)
      last = remark.index
    }
  }

  private func writeColumns(_ writer: inout ByteWriter) {
    for (shape, members) in zip(shapes, members) {
      for column in shape.points.indices {
        var previous: Int64 = 0
        for member in members {
          guard let value = ReadingCode.scaled(samples[member].readings[column]) else { continue }
          writer.signed(value &- previous)
          previous = value
        }
      }
    }
  }
}
