public import EnergyModel

/// Tells what became of commands.
extension Uplink: CommandResultSink {
  public nonisolated func post(_ result: CommandResult) {
    results.put(result)
    bell.ring()
  }

  /// Like `status` they pass the journal by, whose event log has them as well, and they go however little is left of the
  /// month's data: whoever sent a command waits for its answer.
  func publishResults() {
    while let result = results.first {
      let id = newID()
      let message = OutgoingMessage(
        id: id, topic: settings.topic("command/result"), payload: ResultFrame.payload(result))
      guard link.publish(message) else {
        linkRests = time.now().monotonic + .seconds(1)
        return
      }
      results.sent(result, as: id)
      countData(message.topic, message.payload)
    }
  }
}

/// The `command/result` payload.
enum ResultFrame {
  static func payload(_ result: CommandResult) -> [UInt8] {
    var json = JSONText()
    json.object { json in
      json.member("id", result.id)
      json.member("outcome", result.outcome.rawValue)
      json.member("reason", result.reason)
      json.member("t", result.at.wall.milliseconds)
      if !result.at.isClockTrusted { json.member("clock", "unsynced") }
    }
    return json.bytes
  }
}
