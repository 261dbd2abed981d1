import EnergyModel
import Foundation
import Journal
import TestKit
import Testing

/// `holdfast explain --at`, on a journal that nobody writes any more.
@Suite(.serialized) struct ExplainCommandTests {
  /// 10:00 the agent starts · 10:01 it covers the house · 10:05 the reserve is reached · 10:10 it is stopped ·
  /// 10:20 it starts again · 10:21 it covers the house
  private static func journal() async throws -> URL {
    let folder = try TemporaryFolder.make("state")
    let time = ManualTime()
    let settings = JournalSettings(folder: folder.path, budget: 16 << 20, destinations: [.init("vpp")])
    let journal = try await Journal.open(settings, time: time, seed: 7)
    func event(_ name: String) { journal.post(Event(at: time.now(), name: name, severity: .info, text: name)) }
    func decide(_ sentence: String, _ bounds: [Decision.Bound] = []) {
      let setpoint = Setpoint(
        device: "hybrid", kind: .dischargeLimit, value: 0, owner: "backup reserve", expires: time.now().monotonic)
      journal.post(
        Decision(
          at: time.now(), sentence: sentence, wish: "the hybrid covers the house", rule: "self-consumption",
          bounds: bounds, setpoints: bounds.isEmpty ? [] : [setpoint], isSafeState: false))
    }
    event("agent-started")
    time.advance(by: .seconds(60))
    decide("Covers.")
    time.advance(by: .seconds(240))
    decide(
      "Reserve.", [.init(rule: "backup reserve", quantity: "hybrid battery", text: "discharge at most 0 W: reached")])
    time.advance(by: .seconds(300))
    event("control-stopped")
    time.advance(by: .seconds(600))
    event("agent-started")
    time.advance(by: .seconds(60))
    decide("Covers again.")
    await journal.close()
    return folder
  }

  @Test(arguments: [
    ("10:01:00", "Covers."), ("10:04:59", "Covers."), ("10:05:00", "Reserve."), ("10:09:59", "Reserve."),
    ("10:30:00", "Covers again."),
  ])
  func theDecisionOfThatTimeIsTold(time: String, sentence: String) async throws {
    let state = try await Self.journal()
    defer { try? FileManager.default.removeItem(at: state) }
    let answer = try Holdfast.run("explain", "--at", "2026-06-21T\(time)Z", "--state", state.path)
    #expect(answer.code == 0, "\(answer.errors)")
    #expect(answer.lines.dropFirst().first == sentence)
    if sentence == "Reserve." {
      #expect(
        answer.lines == [
          "2026-06-21T\(time)Z, since 2026-06-21T10:05:00Z:", "Reserve.", "  wish: the hybrid covers the house",
          "  bound (backup reserve) hybrid battery: discharge at most 0 W: reached",
          "  setpoint hybrid.discharge_limit_w = 0",
        ])
    }
  }

  @Test(arguments: [
    ("2026-06-21T09:59:00Z", "nothing of that time"), ("2026-06-21T10:00:30Z", "decided nothing yet"),
    ("2026-06-21T10:15:00Z", "been stopped at 2026-06-21T10:10:00Z"),
  ])
  func whenNobodyDecidedThatIsSaid(time: String, reason: String) async throws {
    let state = try await Self.journal()
    defer { try? FileManager.default.removeItem(at: state) }
    let answer = try Holdfast.run("explain", "--at", time, "--state", state.path)
    #expect(answer.code == 1)
    #expect(answer.output.isEmpty)
    #expect(answer.errors.contains(reason), "\(answer.errors)")
  }

  @Test func theFutureAndBothAtOnceAreRefused() throws {
    #expect(try Holdfast.run("explain", "--at", "2999-01-01T00:00:00Z").code == 64)
    #expect(try Holdfast.run("explain", "--at", "-2h", "--follow").code == 64)
  }

  @Test func withoutAnAgentFollowingEnds() throws {
    let answer = try Holdfast.run("explain", "--follow", "--api", "127.0.0.1:1")
    #expect(answer.code == 69)
  }
}
