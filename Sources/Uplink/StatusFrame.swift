import EnergyModel

/// The retained `status` payload.
enum StatusFrame {
  /// What is nil is left out: a last will has no `logs`, because it would tell an old state of them.
  static func payload(isOnline: Bool, boot: Int, version: String, time: Timestamp?, logs: [LogState]?) -> [UInt8] {
    var json = JSONText()
    json.object { json in
      json.member("online", isOnline)
      json.member("boot", boot)
      json.member("version", version)
      if let time { json.member("t", time.milliseconds) }
      guard let logs else { return }
      json.key("logs")
      json.array { json in
        for log in logs { write(log, &json) }
      }
    }
    return json.bytes
  }

  /// A log that holds nothing yet has neither `first` nor `last`.
  private static func write(_ log: LogState, _ json: inout JSONText) {
    json.object { json in
      json.member("epoch", log.epoch.description)
      json.member("name", log.name)
      guard let held = log.held else { return }
      json.member("first", held.first)
      json.member("last", held.last)
    }
  }
}
