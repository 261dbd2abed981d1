import Testing

@Suite struct AnnouncedGapsTests {
  private static let starts: [AnnouncedGaps.Start] = [
    .init(boot: 1, at: 500, committed: 0), .init(boot: 2, at: 5000, committed: 2),
    .init(boot: 3, at: 8000, committed: 2), .init(boot: 4, at: 12_000, committed: 4),
  ]
  /// Boot 3 found nothing that boot 2 had committed.
  private static let told: [(Int, Int, String)] = [
    (2000, 5000, "crash"), (2000, 8000, "crash"), (10_000, 12_000, "crash"),
  ]

  /// - Parameter times: of the telemetry.
  private func gaps(
    _ told: [(Int, Int, String)] = told, times: [Int] = [1000, 2000, 9000, 10_000, 13_000], copies: Int = 1
  ) -> AnnouncedGaps {
    func message(_ epoch: String, _ records: [[String: Any]]) -> UplinkJudge.Message {
      UplinkJudge.Message(topic: "", header: ["epoch": epoch], records: records)
    }
    let telemetry = times.enumerated().map { ["seq": $0 + 1, "t": $1, "device": "meter-02"] as [String: Any] }
    let events = told.enumerated().map { number, gap in
      ["seq": number + 1, "t": gap.1, "kind": "gap", "epoch": "a", "from": gap.0, "to": gap.1, "cause": gap.2]
        as [String: Any]
    }
    let all = [message("a", telemetry), message("b", events)]
    return AnnouncedGaps([[UplinkJudge.Message]](repeating: all, count: copies).flatMap { $0 }, epoch: "a")
  }

  @Test func everyStartBehindACrashHasItsGap() {
    #expect(gaps().faults(Self.starts) == [])
    #expect(gaps(copies: 2).faults(Self.starts) == [], "what comes again is not another gap")
  }

  @Test(arguments: 0..<3) func aGapThatIsMissingIsFound(_ number: Int) {
    var told = Self.told
    told.remove(at: number)
    let faults = gaps(told).faults(Self.starts)
    #expect(faults.count == 1 && faults[0].hasPrefix("boot \(number + 2): no gap"), "\(faults)")
  }

  @Test(arguments: [(2001, 5000, "crash"), (2000, 4999, "crash"), (2000, 5000, "stop")])
  func aGapThatSaysTooLittleIsFound(_ gap: (Int, Int, String)) {
    #expect(gaps([gap] + Self.told[1...]).faults(Self.starts).count == 2)
  }

  @Test func aGapTooManyIsFound() {
    #expect(gaps(Self.told + [(2000, 5000, "crash")]).faults(Self.starts) == ["a gap too many: 2000…5000 crash"])
    #expect(gaps(Self.told + [(9000, 9500, "overflow")]).faults(Self.starts) == ["a gap too many: 9000…9500 overflow"])
  }

  @Test func aRecordWithinAGapIsFound() {
    let faults = gaps(times: [1000, 2000, 9000, 10_000, 11_000]).faults(Self.starts)
    #expect(faults.count == 1 && faults[0].contains("record 5 of 11000 lies in the gap"), "\(faults)")
  }

  @Test func aRecordThatDidNotComeIsFound() {
    let faults = gaps(times: [1000, 2000, 9000]).faults(Self.starts)
    #expect(faults.first == "boot 4: record 4 before it did not come")
  }

  @Test func whatNoGapCoversIsASilence() {
    let gaps = gaps([(2000, 5000, "crash"), (6000, 9000, "crash")])
    #expect(gaps.silences(between: [1000, 2000, 9500, 10_500], longest: 1000) == [])
    #expect(
      gaps.silences(between: [1000, 2000, 9500, 10_500], longest: 999)
        == [1000...2000, 2000...9500, 9500...10_500])
    #expect(gaps.silences(between: [500, 9500], longest: 1499) == [500...9500], "before the first")
    #expect(gaps.silences(between: [1500, 12_000], longest: 2999) == [1500...12_000], "behind the last")
  }
}
