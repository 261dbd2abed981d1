import EnergyModel

/// What a receiver tells a site: `ack` and `replay` have the same form.
enum Request: String, Sendable {
  /// These are here for good.
  case ack
  /// These are to be sent again.
  case replay

  func topic(_ site: String) -> String { "holdfast/v1/\(site)/\(rawValue)" }

  static func payload(_ epoch: Epoch, _ ranges: [SequenceRange]) -> [UInt8] {
    var json = JSONText()
    json.object { json in
      json.member("epoch", epoch.description)
      json.key("ranges")
      json.array { json in
        for range in ranges {
          json.array { json in
            json.value(range.first)
            json.value(range.last)
          }
        }
      }
    }
    return Array(json.text.utf8)
  }
}
