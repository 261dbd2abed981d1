import EnergyDispatch
import EnergyModel
import Gateway
import Synchronization
import TestKit
import Testing
import Threads

/// What acts when, what is told, and what the broker is told, while the disk works and while it does not.
@Suite struct CommandDeskTests {
  /// A store whose disk may fail, and everybody else around a desk.
  private final class Surroundings: DurableStateStore, CommandResultSink, EventSink {
    struct State {
      var isFailing = false
      var kept: [UInt8]?
      var saves = 0
      var notes: [String] = []
      var wakes = 0
      /// Looked at while somebody waits for the disk.
      var onSave: @Sendable () -> Void = {}
    }
    let state = Mutex(State())

    func save(_ bytes: [UInt8], under key: String) {
      state.withLock {
        $0.kept = bytes
        $0.saves += 1
      }
    }
    func load(_ key: String) async throws -> [UInt8]? { state.withLock { $0.kept } }
    func saveDurably(_ bytes: [UInt8], under key: String, within patience: Duration) -> Bool {
      let (isFailing, onSave) = state.withLock { state in
        if !state.isFailing { state.kept = bytes }
        return (state.isFailing, state.onSave)
      }
      // What is saved now takes its place before the commit.
      onSave()
      return !isFailing
    }
    func post(_ result: CommandResult) { note("record \(result.id) \(result.outcome)") }
    func post(_ event: Event) { note("event \(event.name)") }
    func note(_ text: String) { state.withLock { $0.notes.append(text) } }
    func fail(_ isFailing: Bool) { state.withLock { $0.isFailing = isFailing } }
    func take() -> [String] {
      state.withLock { state in
        defer { state.notes = [] }
        return state.notes
      }
    }
  }

  private struct Peer: CommandResultSink {
    let surroundings: Surroundings
    func post(_ result: CommandResult) { surroundings.note("tell \(result.id) \(result.outcome)") }
  }

  private let surroundings = Surroundings()
  private let time = ManualTime()

  private var parameters: SiteParameters {
    var parameters = SiteParameters(
      mode: .control, gridMeter: nil, hybrids: [], loads: [], fuse: nil, baseLoad: Watts(500), feedIn: nil,
      reserve: Percent(0), economics: [])
    parameters.channels = [
      .init(name: "dso", kind: .uplink("vpp"), class: .legal, mayLimit: [.exportPower: 0])
    ]
    return parameters
  }

  private func makeDesk(saved: [UInt8]? = nil, isStoreRead: Bool = true) -> CommandDesk {
    let book = OrderBook(site: "s", parameters: parameters, authorities: ["vpp": Authority(batteryPower: 5000)])
    let desk = CommandDesk(
      book: book, saved: saved, isStoreRead: isStoreRead, store: surroundings, records: surroundings,
      events: surroundings, time: time)
    desk.attach(Peer(surroundings: surroundings), to: "vpp")
    desk.attach(wake: { [surroundings] in surroundings.state.withLock { $0.wakes += 1 } })
    return desk
  }

  private func command(_ counter: Int64, _ kind: String, _ parameters: [String: Command.Parameter]) -> Command {
    Command(
      id: "c\(counter)", site: "s", issuer: "desk", counter: counter, issued: time.now().wall,
      duration: kind == "release" ? nil : .seconds(900), kind: kind, parameters: parameters)
  }

  private func limit(_ counter: Int64, _ watts: Double) -> Command {
    command(counter, "limit", ["channel": .text("dso"), "export_power_w": .number(watts)])
  }

  private func send(_ desk: CommandDesk, _ command: Command, isRetained: Bool = false) -> Bool {
    desk.accept(command, from: "vpp", isRetained: isRetained, received: time.now())
  }

  private func export(_ desk: CommandDesk) -> Double? {
    desk.orders(at: time.now()).channels["dso"]?.limits[.exportPower]?.value
  }

  @Test func aLimitActsBeforeItIsOnTheDiskAndIsToldAfterwards() {
    let desk = makeDesk()
    let (surroundings, time) = (surroundings, time)
    surroundings.state.withLock {
      $0.onSave = {
        let value = desk.orders(at: time.now()).channels["dso"]?.limits[.exportPower]?.value
        surroundings.note("\(value ?? -1) W holds, \(surroundings.state.withLock { $0.wakes }) wake")
      }
    }
    #expect(send(desk, limit(1, 5000)))
    #expect(surroundings.take() == ["record c1 accepted", "5000.0 W holds, 1 wake", "tell c1 accepted"])
  }

  @Test func whatLoosensActsOnceItIsOnTheDisk() {
    let desk = makeDesk()
    #expect(send(desk, limit(1, 0)))
    _ = surroundings.take()
    surroundings.fail(true)
    #expect(!send(desk, limit(2, 3000)))
    #expect(!send(desk, command(3, "release", ["channel": .text("dso")])))
    #expect(!send(desk, command(4, "battery-power", ["power_w": .number(1000)])))
    #expect(export(desk) == 0 && desk.orders(at: time.now()).batteryPower.isEmpty)
    #expect(
      surroundings.take().filter { !$0.hasPrefix("record") } == Array(repeating: "event command-not-kept", count: 3))
    surroundings.fail(false)
    #expect(send(desk, command(3, "release", ["channel": .text("dso")])))
    #expect(export(desk) == nil)
    #expect(
      surroundings.take() == ["record c3 executed", "record c1 executed", "tell c3 executed", "tell c1 executed"])
  }

  /// The disk fails: the limit holds, nothing is acknowledged or told; the second delivery is answered once.
  @Test func aLimitThatCannotBeKeptHoldsAndComesAgain() {
    let desk = makeDesk()
    surroundings.fail(true)
    #expect(!send(desk, limit(1, 5000)))
    #expect(export(desk) == 5000)
    #expect(surroundings.take() == ["record c1 accepted", "event command-not-kept"])
    #expect(!send(desk, limit(1, 5000)), "still not on the disk")
    _ = surroundings.take()
    surroundings.fail(false)
    #expect(send(desk, limit(1, 5000)))
    #expect(surroundings.take() == ["tell c1 accepted"])
    #expect(send(desk, limit(1, 5000)))
    #expect(surroundings.take() == ["tell c1 accepted"], "a repetition is answered and not recorded")
    #expect(export(desk) == 5000)
  }

  /// A minute is over, and an order with it, while a link waits for the disk: the cycle saves nothing over what the broker will
  /// be told is kept, and what it learned meanwhile is saved by its next turn.
  @Test func theCycleSavesNothingOverWhatALinkWaitsFor() {
    let desk = makeDesk()
    let (surroundings, time) = (surroundings, time)
    #expect(send(desk, limit(1, 5000)))
    time.advance(by: .seconds(900))
    surroundings.state.withLock { $0.onSave = { _ = desk.orders(at: time.now()) } }
    #expect(send(desk, command(2, "battery-power", ["power_w": .number(1000)])))
    let kept = makeDesk(saved: surroundings.state.withLock { $0.kept })
    #expect(kept.orders(at: time.now()).batteryPower.map(\.value) == [1000])
    _ = desk.orders(at: time.now())
    let text = surroundings.state.withLock { String(decoding: $0.kept ?? [], as: UTF8.self) }
    #expect(text.contains("\tc1\texecuted") && text.contains("\tc2\tbegun"))
    #expect(!text.contains("\tc1\tbegun"))
  }

  @Test func whatIsRefusedWaitsForNothing() {
    let desk = makeDesk()
    surroundings.fail(true)
    #expect(send(desk, limit(1, -5)))
    #expect(send(desk, limit(2, 5), isRetained: true))
    #expect(
      surroundings.take() == ["record c1 refused", "tell c1 refused", "record c2 refused", "tell c2 refused"])
    desk.refuse(id: "c9", "no", from: "vpp", received: time.now())
    desk.refuse(id: nil, "no JSON", from: "vpp", received: time.now())
    #expect(surroundings.take() == ["record c9 refused", "tell c9 refused", "event command-refused"])
    #expect(export(desk) == nil)
  }

  @Test func anOrderThatEndsIsToldByTheCycle() {
    let desk = makeDesk()
    #expect(send(desk, limit(1, 5000)))
    _ = surroundings.take()
    time.advance(by: .seconds(900))
    #expect(export(desk) == nil)
    #expect(surroundings.take() == ["record c1 executed", "tell c1 executed"])
  }

  /// Ten minutes into a limit of fifteen the agent is killed. The rest is saved once a minute, so what is known is a
  /// minute old at most.
  @Test func theRestOfALimitHoldsAfterARestart() {
    let desk = makeDesk()
    #expect(send(desk, limit(1, 5000)))
    for _ in 0..<600 {
      time.advance(by: .seconds(1))
      _ = desk.orders(at: time.now())
    }
    #expect((9...11).contains(surroundings.state.withLock { $0.saves }))
    let again = makeDesk(saved: surroundings.state.withLock { $0.kept })
    #expect(export(again) == 5000)
    time.advance(by: .seconds(299))
    #expect(export(again) == 5000)
    time.advance(by: .seconds(62))
    #expect(export(again) == nil)
  }

  @Test func whatCannotBeReadAfterARestartIsAnAlarm() {
    _ = makeDesk(saved: Array("nonsense".utf8))
    #expect(surroundings.take() == ["event orders-lost"])
    _ = makeDesk(saved: nil)
    #expect(surroundings.take().isEmpty)
  }

  /// The disk cannot be read at the start: what it holds is not saved over, and comes back beside what came since.
  @Test func aStoreThatIsReadLateLosesNothing() {
    let first = makeDesk()
    #expect(send(first, limit(1, 5000)))
    #expect(send(first, command(2, "battery-power", ["power_w": .number(1000)])))
    let kept = surroundings.state.withLock { $0.kept }
    let desk = makeDesk(isStoreRead: false)
    #expect(!send(desk, limit(3, 800)), "not acknowledged")
    #expect(export(desk) == 800, "but in force")
    #expect(!send(desk, command(4, "battery-power", ["power_w": .number(500)])))
    #expect(surroundings.state.withLock { $0.kept } == kept)
    desk.restore(kept)
    #expect(export(desk) == 800, "the newer one")
    #expect(desk.orders(at: time.now()).batteryPower.map(\.value) == [1000])
    #expect(send(desk, limit(3, 800)))
    #expect(surroundings.take().contains("tell c1 superseded"))
  }

  @Test func heartbeatsReachTheCycle() {
    let desk = makeDesk()
    desk.hear("dso", sent: time.now().wall, from: "vpp", received: time.now())
    #expect(desk.orders(at: time.now()).channels["dso"]?.lastHeartbeat == time.now().monotonic)
  }

  /// A slip in a channel's name would leave it without heartbeats for ever; told, and not with each of them.
  @Test func aHeartbeatOfNoChannelIsToldOnceAnHour() {
    let desk = makeDesk()
    desk.hear("dso", sent: time.now().wall, from: "vpp", received: time.now())
    for _ in 0..<61 {
      desk.hear("dos", sent: time.now().wall, from: "vpp", received: time.now())
      time.advance(by: .seconds(60))
    }
    #expect(surroundings.take() == ["event heartbeat-refused", "event heartbeat-refused"])
  }

  /// Many links and the cycle at once.
  @Test func linksAndTheCycleDoNotDisturbEachOther() {
    let desk = makeDesk()
    let now = time.now()
    let threads = (0..<4).map { thread in
      OwnThread(name: "link") {
        for number in 1...50 {
          let command = Command(
            id: "\(thread)-\(number)", site: "s", issuer: "desk-\(thread)", counter: Int64(number), issued: now.wall,
            duration: .seconds(900), kind: "limit",
            parameters: ["channel": .text("dso"), "export_power_w": .number(Double(number))])
          _ = desk.accept(command, from: "vpp", isRetained: false, received: now)
          _ = desk.orders(at: now)
        }
      }
    }
    for thread in threads { thread.join() }
    #expect(export(desk) == 50)
    let notes = surroundings.take()
    #expect(notes.filter { $0.hasPrefix("record") && $0.hasSuffix("accepted") }.count == 200)
    #expect(notes.filter { $0.hasPrefix("record") && $0.hasSuffix("superseded") }.count == 199)
  }
}
