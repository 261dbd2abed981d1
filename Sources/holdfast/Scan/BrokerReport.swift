import Commissioning
import DeviceProfile
import EnergyModel
import MQTTDevices

/// What was heard on a broker, as a table, as YAML to paste and as JSON.
struct BrokerReport {
  var host: String
  var port: Int
  var user: String?
  var passwordFile: String?
  var messages: Int
  var found: [SensorFinder.Found]
  var incomplete: String?

  var table: [String] {
    var rows = [["TOPIC", "PROFILE", "UNDERSTOOD"]]
    for device in found {
      let points = device.points.map(\.rawValue).joined(separator: " ")
      rows.append([device.topic, device.profile.name, points + (device.isOnlyRetained ? " (retained only)" : "")])
    }
    let widths = [0, 1].map { column in rows.map { $0[column].count }.max() ?? 0 }
    let lines = rows.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ") + "  " + row[2]
    }
    let others = found.filter { !$0.alternatives.isEmpty }.map { device in
      "\(device.topic): fits as well: \(device.alternatives.joined(separator: ", "))"
    }
    return (found.isEmpty ? [] : lines) + others + ["\(messages) messages heard"]
  }

  var yaml: [String] {
    guard !found.isEmpty else { return [] }
    let address = "\(host.contains(":") ? "[\(host)]" : host):\(port)"
    let bus = Self.name("mqtt-\(host)" + (port == 1883 ? "" : "-\(port)"))
    var entries = ["mqtt: \(ScanReport.quoted(address))"]
    if let user { entries.append("user: \(ScanReport.quoted(user))") }
    if let passwordFile { entries.append("password_file: \(ScanReport.quoted(passwordFile))") }
    var names: Set<String> = [bus]
    let devices = found.flatMap { device in
      let base = Self.name(device.topic)
      let name = ([base] + (2...(found.count + 2)).map { "\(base)-\($0)" }).first { names.insert($0).inserted } ?? base
      return [
        "  # \(device.profile.title)" + (device.isOnlyRetained ? ", heard from the broker's memory only" : ""),
        "  \(name): {profile: \(device.profile.name), bus: \(bus), topic: \(ScanReport.quoted(device.topic))}",
      ]
    }
    return ["buses:", "  \(bus): {\(entries.joined(separator: ", "))}", "devices:"] + devices
  }

  /// Letters, digits and dashes, at most 60.
  private static func name(_ text: String) -> String {
    let clean = text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? "\($0)" : "-" }.joined()
    let name = String(clean.split(separator: "-").joined(separator: "-").suffix(60))
    return name.isEmpty ? "device" : name
  }

  var json: String {
    var text = JSONText()
    text.object { json in
      json.key("complete")
      json.value(incomplete == nil)
      json.key("messages")
      json.value(messages)
      json.key("devices")
      json.array { json in
        for device in found {
          json.object { json in
            for (key, value) in [("topic", device.topic), ("profile", device.profile.name)] {
              json.key(key)
              json.value(value)
            }
            json.key("retained_only")
            json.value(device.isOnlyRetained)
            for (key, values) in [("points", device.points.map(\.rawValue)), ("alternatives", device.alternatives)] {
              json.key(key)
              json.array { json in
                for value in values { json.value(value) }
              }
            }
          }
        }
      }
      json.key("yaml")
      json.value(yaml.map { $0 + "\n" }.joined())
    }
    return text.text
  }
}
