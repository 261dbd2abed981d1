import EnergyModel
import Foundation
import TestKit
import Testing

@testable import MQTTLink

/// What a line does to a link: each fault comes, stays for a while and goes. Afterwards the link is back within 70 s
/// and what is published is acknowledged, so its thread is alive; attempts keep their distance.
@Suite struct LinkFaultTests {
  static let isChaos = ProcessInfo.processInfo.environment["HOLDFAST_CHAOS"] == "1"
  /// From the end of the fault to an acknowledgement.
  static let limit = Duration.seconds(70)
  /// Of the links here, twice.
  static let longestSilence = Duration.seconds(10)
  /// For a machine that does other things too.
  static let margin = Duration.seconds(2)
  /// What a thread of the tests may be late, in seconds: it shortens the pause that follows.
  static let lateness = 0.25

  /// Each fault once, all at the same time.
  @Test(.timeLimit(.minutes(3))) func comesBackFromEachFault() async throws {
    let worst = try await withThrowingTaskGroup(of: Duration.self) { group in
      for (index, fault) in FaultyLine.Fault.allCases.enumerated() {
        group.addTask {
          let line = try FaultyLine(seed: UInt64(index))
          try await line.watch.connected()
          let length = fault == .lookUp ? 11.0 : 3
          let pause = try await Self.suffer(fault, on: line, seconds: length)
          await line.finish()
          Self.expectDistance(line, "\(fault)")
          return pause
        }
      }
      return try await group.reduce(.zero) { max($0, $1) }
    }
    // Short outages, so the ceiling of the back-off is low.
    #expect(worst < .seconds(25))
  }

  @Test func comesUpWhenTheFaultWasThereFirst() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for fault in [FaultyLine.Fault.refuse, .lookUp] {
        group.addTask {
          let line = try FaultyLine(seed: 5, startsWith: fault)
          try await Task.sleep(for: .seconds(2))
          #expect(!line.watch.link.isConnected)
          try line.heal(fault)
          _ = try await line.answers(since: SystemTime().now().monotonic, within: Self.limit)
          await line.finish()
        }
      }
      try await group.waitForAll()
    }
  }

  /// Where nobody listens and where nobody answers, for an address and for a name with its two routes, six links each:
  /// no attempt comes sooner than 1 s after the end of the one before, and no two links keep the same step.
  @Test(.timeLimit(.minutes(3)), arguments: [FaultyLine.Fault.refuse, FaultyLine.Fault.hang])
  func keepsItsDistanceWhileNobodyAnswers(fault: FaultyLine.Fault) async throws {
    // An attempt that hangs ends by itself; one that is refused takes no time.
    let least = fault == .hang ? LinkMachine.connectTime.seconds + 1 : 1
    let firsts = try await withThrowingTaskGroup(of: Double.self) { group in
      for number in 0..<6 as Range<UInt64> {
        group.addTask {
          let line = try FaultyLine(seed: number, startsWith: fault, host: number < 3 ? "127.0.0.1" : "localhost")
          func pauses() -> [Double] { fault == .hang && number < 3 ? line.pauses.seen : line.pauses.begun }
          let wanted = fault == .hang ? 2 : 4
          try await eventually(within: 60, "\(wanted) pauses, so far \(pauses())") { pauses().count >= wanted }
          let found = pauses()
          await line.finish()
          // A name's first route may be refused although the other one hangs.
          let floor = number < 3 ? least : 1
          #expect(found.allSatisfy { $0 > floor - Self.lateness }, "link \(number): \(found)")
          #expect(found.allSatisfy { $0 < 45 })
          return found[0]
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    // Drawn from 1 s each: 10 ms apart at least where they differ at all.
    #expect(Set(firsts.map { Int($0 * 100) }).count > 3, "\(firsts)")
  }

  /// The link says so, begins no second look-up behind the first, and can be stopped.
  @Test func staysInHandWhileALookUpHangs() async throws {
    let line = try FaultyLine(seed: 1, startsWith: .lookUp)
    try await eventually(within: 12, "the link says so") { !line.watch.reasons.isEmpty }
    #expect(line.watch.reasons[0].contains("look-up of the broker's name"))
    try await Task.sleep(for: .seconds(3))
    let begun = SystemTime().now().monotonic
    line.watch.link.stop()
    line.watch.link.join()
    #expect(SystemTime().now().monotonic - begun < .seconds(1))
    #expect(line.resolver.mostWaiting == 1)
    await line.finish()
  }

  /// 200 faults: twenty links, ten faults each, one after another and of random length.
  @Test(.enabled(if: isChaos, "with HOLDFAST_CHAOS=1"), .timeLimit(.minutes(40)))
  func comesBackFromTwoHundredFaults() async throws {
    let seed = UInt64.random(in: 0...999_999)
    let (tallies, begun) = try await withThrowingTaskGroup(of: Tally.self) { group in
      for link in 0..<20 as Range<UInt64> {
        group.addTask { try await Self.sufferTen(seed: seed * 100 + link) }
      }
      return try await group.reduce(into: Tally([], [])) { all, one in
        all.outages += one.outages
        all.pauses += one.pauses
      }
    }
    #expect(tallies.count == 200)
    for fault in FaultyLine.Fault.allCases {
      let pauses = tallies.filter { $0.0 == fault }.map(\.1.seconds).sorted()
      guard let worst = pauses.last else { continue }
      print("\(fault): \(pauses.count) faults, back after \(pauses[pauses.count / 2]) s (median), \(worst) s (worst)")
    }
    let pauses = begun.sorted()
    let most = Dictionary(grouping: pauses) { Int($0 * 100) }.values.map(\.count).max() ?? 0
    print("\(pauses.count) pauses between attempts, the shortest \(pauses.first ?? 0) s; at most \(most) alike")
    // Full jitter: with a floor alone they would be alike by the hundred.
    #expect(most < pauses.count / 8)
    print("seed \(seed)")
  }

  private typealias Tally = (outages: [(FaultyLine.Fault, Duration)], pauses: [Double])

  private static func sufferTen(seed: UInt64) async throws -> Tally {
    var random = SplitMix64(seed: seed)
    let line = try FaultyLine(seed: seed)
    try await line.watch.connected()
    var tally: [(FaultyLine.Fault, Duration)] = []
    for number in 0..<10 {
      let fault = FaultyLine.Fault.allCases[(number + Int(seed % 8)) % 8]
      // Some connections last long enough to begin the back-off anew, some do not.
      try await Task.sleep(for: .seconds(Double.random(in: 0.5...35, using: &random)))
      let length = Double.random(in: 1...45, using: &random)
      tally.append((fault, try await suffer(fault, on: line, seconds: length)))
    }
    await line.finish()
    expectDistance(line, "seed \(seed)")
    #expect(line.resolver.mostWaiting == 1)
    return (tally, line.pauses.begun)
  }

  /// Returns how long after the end of the fault the link answered.
  private static func suffer(_ fault: FaultyLine.Fault, on line: FaultyLine, seconds: Double) async throws -> Duration {
    let reasons = line.watch.reasons.count
    let begun = SystemTime().now().monotonic
    line.begin(fault)
    if fault == .blackHole {
      // Half-open: nothing says so but the silence.
      let limit = longestSilence + margin
      try await eventually(within: limit.seconds, "the half-open connection is noticed") {
        line.watch.reasons.count > reasons
      }
    }
    let end = begun + .seconds(seconds)
    try await eventually(within: seconds + 5, "the end of the fault") { SystemTime().now().monotonic >= end }
    try line.heal(fault)
    let healed = SystemTime().now().monotonic
    return try await line.answers(since: healed, within: limit)
  }

  /// At least the floor of 1 s.
  private static func expectDistance(_ line: FaultyLine, _ context: String) {
    let pauses = line.pauses
    #expect(pauses.seen.allSatisfy { $0 > 1 - lateness }, "\(context): \(pauses.seen)")
    #expect(pauses.begun.allSatisfy { $0 > 1 - lateness }, "\(context): \(pauses.begun)")
  }
}
