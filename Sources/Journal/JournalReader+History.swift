public import EnergyModel
import GRDB

extension JournalReader {
  /// How long the intervals of history are.
  public enum Resolution: String, CaseIterable, Sendable {
    case minute, quarter

    var table: HistoryTable.Name { self == .minute ? .minute : .quarter }
    public var length: Duration { .milliseconds(table.length) }
  }

  /// One point of one device over one interval.
  public struct HistoryValue: Hashable, Sendable {
    /// When the interval began.
    public let time: Timestamp
    /// The mean of the good readings, to a tenth of the point's resolution; the last of them where the point's
    /// ``Point/summary`` says so.
    public let mean: Double
    public let low: Double
    public let high: Double
    /// How many good readings there were.
    public let count: UInt64
    /// The agent did not run, or did not record, during all of the interval.
    public let isPartial: Bool
  }

  public struct HistoryPage: Sendable {
    public var values: [HistoryValue] = []
    /// Rows that could not be read.
    public var unreadable: [Timestamp] = []
    /// Where the next page begins; nil after the last.
    public var next: Timestamp?
  }

  /// The intervals that begin from `from` to before `to`, oldest first. An interval without a good reading has
  /// no value.
  /// - Parameter limit: most rows that are looked at.
  public func history(
    _ point: Point, of device: DeviceID, _ resolution: Resolution, from: Timestamp, to: Timestamp, limit: Int = 500
  ) throws -> HistoryPage {
    let (rows, shapes) = try historyRows(resolution.table, from: from, to: to, limit: limit)
    var page = HistoryPage()
    for row in rows {
      let time = Timestamp(milliseconds: row.time)
      guard let history = try? HistoryFormat.decode(row.format, row.payload, table: shapes) else {
        page.unreadable.append(time)
        continue
      }
      guard let tally = history[device, point] else { continue }
      page.values.append(HistoryValue(tally, of: point, at: time, isPartial: row.isPartial))
    }
    if rows.count == limit { page.next = rows.last.map { Timestamp(milliseconds: $0.time + 1) } }
    return page
  }

  /// The devices that the journal knows, and their points.
  public func devices() throws -> [DeviceID: Set<Point>] {
    try queue.read { db in
      var devices: [DeviceID: Set<Point>] = [:]
      for row in try Row.fetchAll(db, sql: "SELECT device, points FROM shape") {
        let points = try row.text("points").split(separator: ",").compactMap { Point(rawValue: String($0)) }
        devices[DeviceID(try row.text("device")), default: []].formUnion(points)
      }
      return devices
    }
  }

  struct StoredHistory: Sendable {
    let time: Int64
    let isPartial: Bool
    let format: Int64
    let payload: [UInt8]
  }

  func historyRows(
    _ name: HistoryTable.Name, from: Timestamp, to: Timestamp, limit: Int
  ) throws -> (rows: [StoredHistory], shapes: ShapeTable) {
    try queue.read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT time, partial, format, payload FROM \(name.rawValue)
          WHERE time >= ? AND time < ? ORDER BY time LIMIT ?
          """, arguments: [from.milliseconds, to.milliseconds, limit])
      return try (
        rows.map { row in
          StoredHistory(
            time: try row.integer("time"), isPartial: try row.integer("partial") != 0,
            format: try row.integer("format"), payload: try row.bytes("payload"))
        }, ShapeTable(db)
      )
    }
  }
}

extension JournalReader.HistoryValue {
  init(_ tally: HistoryTally, of point: Point, at time: Timestamp, isPartial: Bool) {
    let value = Double(tally.value(of: point)) / (point.summary == .mean ? 10 : 1)
    self.init(
      time: time, mean: value * point.resolution, low: ReadingCode.value(tally.low, of: point),
      high: ReadingCode.value(tally.high, of: point), count: tally.count, isPartial: isPartial)
  }
}
