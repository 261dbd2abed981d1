import EnergyModel
import TestKit
import Testing

@testable import Journal

/// Every row comes back as it went in, and garbage is an error.
@Suite struct HistoryFormatTests {
  private func sample(_ device: DeviceID, _ readings: [Reading]) -> Sample {
    Sample(device: device, measured: ManualTime().now(), readings: readings)
  }

  private func roundTrip(_ row: HistoryRow) throws -> HistoryRow {
    var table = ShapeTable()
    let bytes = HistoryFormat.encode(row, table: &table)
    return try HistoryFormat.decode(1, bytes, table: table)
  }

  @Test func theMeanKeepsOneDecimalMoreAndCountersTheirLast() throws {
    var row = HistoryRow()
    for (power, energy) in [(-7.0, 1e12), (-8, 1e12 + 1), (-8, 1e12 + 5)] {
      row.add(sample("a", [Reading(.power, power), Reading(.energyImport, energy), Reading(.voltageL1, 230.1)]))
    }
    let read = try roundTrip(row)
    // -23 / 3 = -7.666…
    #expect(read["a", .power]?.value(of: .power) == -77)
    #expect(read["a", .power]?.low == -8)
    #expect(read["a", .power]?.high == -7)
    #expect(read["a", .power]?.count == 3)
    #expect(read["a", .energyImport]?.value(of: .energyImport) == 1_000_000_000_005)
    #expect(read["a", .energyImport]?.low == 1_000_000_000_000)
    #expect(read["a", .voltageL1]?.value(of: .voltageL1) == 23_010)
  }

  @Test func anyRowComesBack() throws {
    var random = SeededGenerator(state: 5)
    for _ in 0..<200 {
      var row = HistoryRow()
      for number in 0..<Int.random(in: 0...6, using: &random) {
        let points = Point.allCases.shuffled(using: &random).prefix(Int.random(in: 0...12, using: &random))
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          row.add(
            sample(
              DeviceID("d\(number)"),
              points.map { point in
                Bool.random(using: &random)
                  ? Reading(point, Double.random(in: -1e6...1e6, using: &random)) : Reading(point, quality: .timeout)
              }))
        }
      }
      let read = try roundTrip(row)
      #expect(read.readings == row.readings)
      let again = try roundTrip(read)
      for device in row.devices {
        for (point, tally) in zip(device.points, device.tallies) {
          guard tally.count > 0 else {
            #expect(read[device.id, point] == nil)
            continue
          }
          let found = try #require(read[device.id, point])
          #expect(found.value(of: point) == tally.value(of: point))
          #expect(found.low == tally.low && found.high == tally.high && found.count == tally.count)
          #expect(again[device.id, point] == found, "reading and writing again changes nothing")
        }
      }
    }
  }

  @Test func garbageIsAnError() throws {
    var table = ShapeTable()
    var row = HistoryRow()
    row.add(sample("a", [Reading(.power, 1), Reading(.soc, 50)]))
    let bytes = HistoryFormat.encode(row, table: &table)
    #expect(throws: SegmentDamage.unknownFormat(2)) { try HistoryFormat.decode(2, bytes, table: table) }
    #expect(throws: SegmentDamage.self) { try HistoryFormat.decode(1, bytes, table: ShapeTable()) }
    let content = try Zstd.decompress(bytes)
    var random = SeededGenerator(state: 9)
    for length in 0..<content.count {
      let cut = Zstd.compress(Array(content.prefix(length)), withChecksum: true)
      #expect(throws: SegmentDamage.self) { try HistoryFormat.decode(1, cut, table: table) }
    }
    for _ in 0..<2000 {
      let noise = (0..<40).map { _ in UInt8.random(in: 0...255, using: &random) }
      _ = try? HistoryFormat.decode(1, Zstd.compress(noise, withChecksum: true), table: table)
    }
  }
}
