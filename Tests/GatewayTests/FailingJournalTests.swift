import EnergyDispatch
import EnergyModel
import Foundation
import Gateway
import Synchronization
import TestKit
import Testing

@testable import Journal

/// The control cycle posts into a real journal whose disk fails again and again: it keeps its pace.
@Suite struct FailingJournalTests {
  private struct Devices: SetpointPort { func submit(_ command: SetpointCommand) {} }

  private let parameters = SiteParameters(
    mode: .control, gridMeter: .init(device: "meter"), hybrids: [], loads: [], fuse: nil, baseLoad: Watts(500),
    feedIn: nil, reserve: Percent(20), economics: ["self-consumption"])

  /// Every cycle has something to tell and to keep, beyond what it decides.
  private func makeCycle(_ journal: Journal, _ board: ControlBoard) -> ControlCycle {
    ControlCycle(
      core: ControlCore(parameters: parameters, zone: .utc, savedMemory: nil),
      ports: .init(
        site: SiteState(), board: board, setpoints: Devices(), events: journal, decisions: journal, store: journal,
        forecast: { nil },
        beat: { _ in
          let now = SystemTime().now()
          journal.post(Event(at: now, name: "beat", severity: .alarm, text: "a cycle"))
          journal.save([1, 2, 3], under: "beat", isUrgent: true)
          journal.accept(Sample(device: "meter", measured: now, readings: [Reading(.power, 100)]))
        }),
      time: SystemTime(), period: .milliseconds(20))
  }

  @Test func theCycleKeepsItsPaceWhileTheDiskFails() async throws {
    let isChaos = ProcessInfo.processInfo.environment["HOLDFAST_CHAOS"] != nil
    let folder = try TemporaryFolder.make("failing-journal")
    defer { try? FileManager.default.removeItem(at: folder) }
    let disk = FaultDisk(folder: folder.path, remembersChanges: false)
    var settings = JournalSettings(folder: folder.path, budget: 4 << 20)
    settings.fileQuery = FaultDisk.query
    let journal = try await Journal.open(settings, time: SystemTime(), seed: 7)
    let board = ControlBoard()
    let cycle = makeCycle(journal, board)
    let running = Task { try await cycle.run() }

    var random = SplitMix64(seed: 5)
    var failed = 0
    let cycles = isChaos ? 3000 : 100
    try await eventually(within: isChaos ? 120 : 20, "\(cycles) cycles") {
      // As it comes: fine, failing once, failing for a while.
      let operations: [FaultDisk.Operation] = [.write, .sync, .read, .truncate]
      if let operation = operations.randomElement(using: &random) {
        disk.fail(
          [operation], after: Int.random(in: 0...20, using: &random), times: [1, 8, 40].randomElement(using: &random))
      }
      if await !journal.commit() { failed += 1 }
      return board.cycle.count >= cycles
    }
    running.cancel()
    try await running.value
    #expect(disk.faults > 10 && failed > 0)
    #expect(board.cycle.worstLateness < .milliseconds(200))
    #expect(board.cycle.worstDuration < .milliseconds(200))
    disk.heal()
    for _ in 0..<2 where await !journal.commit() {}
    #expect(await journal.commit())
    #expect(journal.counters().fault == nil && journal.counters().droppedEvents == 0)
    await journal.close()
  }
}
