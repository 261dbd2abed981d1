import EnergyModel
import TestKit
import Testing

@testable import Journal

/// Every kind of record of the event log is what `docs/schemas` says.
@Suite struct EntrySchemaTests {
  @Test func everyKindKeepsItsSchema() throws {
    let epoch = Epoch(number: 0xAB)
    var at = Moment(wall: Timestamp(milliseconds: 1_782_036_000_000), monotonic: MonotonicInstant(nanoseconds: 0))
    let event = Event(
      at: at, name: "device-lost", severity: .warning, device: "hybrid", text: "no answer",
      data: ["tries": 3, "bus": "inverter", "age_s": .number(10.25), "final": .flag(false)])
    let setpoint = Setpoint(
      device: "hybrid", kind: .chargeLimit, value: 2500, owner: "self-consumption",
      expires: MonotonicInstant(nanoseconds: 0))
    let decision = Decision(
      at: at, sentence: "charge with what is left", wish: "charge 2500 W", rule: "self-consumption",
      bounds: [.init(rule: "fuse", quantity: "grid", text: "at most 24 kW")], setpoints: [setpoint], isSafeState: false)
    at.isClockTrusted = false
    let entries: [Entry] = [
      .event(event), .event(Event(at: at, name: "started", severity: .info, text: "")), .decision(decision),
      .decision(Decision(at: at, sentence: "", wish: nil, rule: nil, bounds: [], setpoints: [], isSafeState: true)),
      .lostRecords(epoch: epoch, range: SequenceRange(3, 9), cause: "budget", at: at),
      .result(CommandResult(destination: "vpp", id: "7f3a", outcome: .accepted, reason: "export at most 5 kW", at: at)),
      .lostTime(epoch: epoch, from: at.wall, to: at.wall + .seconds(1), cause: "crash", at: at),
    ]
    let records = entries.enumerated().map { index, entry in
      #"{"seq":\#(index + 1),"t":\#(entry.stored.time.milliseconds),\#(entry.stored.body)}"#
    }
    let payload =
      #"{"v":1,"site":"s","log":"events","epoch":"\#(epoch)","first":1,"last":\#(records.count),"records":["#
      + records.joined(separator: ",") + "]}"
    let problem = try SchemaCheck.problem(in: [(topic: "holdfast/v1/s/events", payload: Array(payload.utf8))])
    #expect(problem == nil, "\(problem ?? "")")
  }
}
