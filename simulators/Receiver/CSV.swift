import EnergyModel
import Foundation

/// Records as lines of comma-separated values (RFC 4180).
public enum CSV {
  public static let valueHeader = "site,log,epoch,seq,t,span_ms,clock,device,point,value,quality"
  public static let eventHeader = "site,log,epoch,seq,t,record"

  /// One line for each point, also where only its quality is known.
  public static func values(_ record: ArchivedRecord) -> [String] {
    guard let object = try? JSONSerialization.jsonObject(with: Data(record.body.utf8)) as? [String: Any] else {
      return []
    }
    let values = object["values"] as? [String: NSNumber] ?? [:]
    let quality = object["quality"] as? [String: String] ?? [:]
    let span = (object["span_ms"] as? NSNumber)?.stringValue ?? ""
    let clock = object["clock"] as? String ?? ""
    let device = object["device"] as? String ?? ""
    return Set(values.keys).union(quality.keys).sorted().map { point in
      let value = values[point]?.stringValue ?? ""
      return line(prefix(record) + [span, clock, device, point, value, quality[point] ?? "good"])
    }
  }

  public static func event(_ record: ArchivedRecord) -> [String] { [line(prefix(record) + [record.body])] }

  private static func prefix(_ record: ArchivedRecord) -> [String] {
    [
      record.site, record.log ?? "", record.epoch, record.seq.map(String.init) ?? "", String(record.time.milliseconds),
    ]
  }

  private static func line(_ fields: [String]) -> String {
    fields.map { field in
      let isPlain = !field.contains { $0 == "," || $0 == "\"" || $0.isNewline }
      return isPlain ? field : "\"" + field.replacing("\"", with: "\"\"") + "\""
    }.joined(separator: ",")
  }
}
