import EnergyModel

/// Something for the event log. Its JSON is part of the wire contract; the members of every kind are
/// always all there, `null` where nothing is known.
enum Entry: Sendable {
  case event(Event)
  case decision(Decision)
  case result(CommandResult)
  /// Records that were dropped after they had been committed.
  case lostRecords(epoch: Epoch, range: SequenceRange, cause: String, at: Moment)
  /// Time of which a log has nothing.
  case lostTime(epoch: Epoch, from: Timestamp, to: Timestamp, cause: String, at: Moment)

  var at: Moment {
    switch self {
    case .event(let event): event.at
    case .decision(let decision): decision.at
    case .result(let result): result.at
    case .lostRecords(_, _, _, let at), .lostTime(_, _, _, _, let at): at
    }
  }

  var stored: EntryCoding.Stored { EntryCoding.Stored(time: at.wall, body: body) }

  /// The members after `seq` and `t`, without braces.
  private var body: String {
    var json = JSONText()
    switch self {
    case .event(let event): Self.write(event, &json)
    case .decision(let decision): Self.write(decision, &json)
    case .result(let result):
      json.member("kind", "result")
      json.member("destination", result.destination.name)
      json.member("id", result.id)
      json.member("outcome", result.outcome.rawValue)
      json.member("reason", result.reason)
    case .lostRecords(let epoch, let range, let cause, _):
      json.member("kind", "gap")
      json.member("epoch", epoch.description)
      json.member("first", range.first)
      json.member("last", range.last)
      json.member("cause", cause)
    case .lostTime(let epoch, let from, let to, let cause, _):
      json.member("kind", "gap")
      json.member("epoch", epoch.description)
      json.member("from", from.milliseconds)
      json.member("to", to.milliseconds)
      json.member("cause", cause)
    }
    if !at.isClockTrusted { json.member("clock", "unsynced") }
    return json.text
  }

  private static func write(_ event: Event, _ json: inout JSONText) {
    json.member("kind", "event")
    json.member("name", event.name)
    json.member("severity", event.severity.rawValue)
    json.key("device")
    if let device = event.device { json.value(device.name) } else { json.null() }
    json.member("text", event.text)
    json.key("data")
    json.object { json in
      for (name, value) in event.data.sorted(by: { $0.key < $1.key }) {
        switch value {
        case .text(let text): json.member(name, text)
        case .integer(let integer): json.member(name, integer)
        case .number(let number): json.member(name, number, decimals: 6)
        case .flag(let flag): json.member(name, flag)
        }
      }
    }
  }

  private static func write(_ decision: Decision, _ json: inout JSONText) {
    json.member("kind", "decision")
    json.member("text", decision.sentence)
    json.key("wish")
    if let wish = decision.wish { json.value(wish) } else { json.null() }
    json.key("limits")
    json.array { json in
      for bound in decision.bounds {
        json.object { json in
          json.member("rule", bound.rule)
          json.member("quantity", bound.quantity)
          json.member("text", bound.text)
          json.member("holds", bound.holds)
        }
      }
    }
    json.key("setpoints")
    json.object { json in
      for setpoint in decision.setpoints {
        json.member("\(setpoint.device.name).\(setpoint.kind.rawValue)", setpoint.value, decimals: 3)
      }
    }
  }
}
