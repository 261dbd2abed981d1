import EnergyModel
import Testing

@testable import Journal

/// The JSON of the event log, letter by letter: it is part of the wire contract.
@Suite struct EntryTests {
  private let at = Moment(
    wall: Timestamp(milliseconds: 1_782_036_000_000), monotonic: MonotonicInstant(nanoseconds: 0))

  @Test func event() {
    let event = Event(
      at: at, name: "device-lost", severity: .warning, device: "hybrid", text: "no answer for 10 s",
      data: ["tries": 3, "bus": "inverter", "age_s": .number(10.25), "final": .flag(false)])
    #expect(
      Entry.event(event).stored.body
        == #""kind":"event","name":"device-lost","severity":"warning","device":"hybrid","#
        + #""text":"no answer for 10 s","data":{"age_s":10.25,"bus":"inverter","final":false,"tries":3}"#)
  }

  @Test func decision() {
    let setpoint = Setpoint(
      device: "hybrid", kind: .chargeLimit, value: 2500, owner: "self-consumption",
      expires: MonotonicInstant(nanoseconds: 0))
    var decision = Decision(
      at: at, sentence: "charge with what is left", wish: "charge 2500 W", rule: "self-consumption",
      bounds: [.init(rule: "fuse", quantity: "grid", text: "at most 24 kW", holds: true)], setpoints: [setpoint],
      isSafeState: false)
    #expect(
      Entry.decision(decision).stored.body
        == #""kind":"decision","text":"charge with what is left","wish":"charge 2500 W","#
        + #""limits":[{"rule":"fuse","quantity":"grid","text":"at most 24 kW","holds":true}],"#
        + #""setpoints":{"hybrid.charge_limit_w":2500}"#)
    decision.wish = nil
    decision.bounds = []
    decision.setpoints = []
    #expect(
      Entry.decision(decision).stored.body
        == #""kind":"decision","text":"charge with what is left","wish":null,"limits":[],"setpoints":{}"#)
  }

  @Test func result() {
    let result = CommandResult(destination: "vpp", id: "7f3a", outcome: .superseded, reason: "by 8", at: at)
    #expect(
      Entry.result(result).stored.body
        == #""kind":"result","destination":"vpp","id":"7f3a","outcome":"superseded","reason":"by 8""#)
  }

  @Test func gaps() {
    let epoch = Epoch(number: 0xAB)
    let records = Entry.lostRecords(epoch: epoch, range: SequenceRange(3, 9), cause: "budget", at: at)
    #expect(
      records.stored.body == #""kind":"gap","epoch":"00000000000000ab","first":3,"last":9,"cause":"budget""#)
    let time = Entry.lostTime(
      epoch: epoch, from: Timestamp(milliseconds: 5), to: Timestamp(milliseconds: 8), cause: "crash", at: at)
    #expect(time.stored.body == #""kind":"gap","epoch":"00000000000000ab","from":5,"to":8,"cause":"crash""#)
    #expect(time.stored.time == at.wall)
  }

  @Test func anUntrustedClockIsSaid() {
    var event = Event(at: at, name: "n", severity: .info, text: "t")
    event.at.isClockTrusted = false
    #expect(
      Entry.event(event).stored.body
        == #""kind":"event","name":"n","severity":"info","device":null,"text":"t","data":{},"clock":"unsynced""#)
  }
}
