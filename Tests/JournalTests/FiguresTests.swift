import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// What a value costs, on a stream like that of a real site.
@Suite(.serialized) struct FiguresTests {
  private static let points: [Point] = [
    .power, .powerL1, .powerL2, .powerL3, .voltageL1, .voltageL2, .voltageL3, .currentL1, .currentL2, .currentL3,
    .reactivePower, .apparentPower, .powerFactor, .frequency, .energyImport, .energyExport, .soc,
    .batteryTemperature, .batteryVoltage, .operatingState,
  ]

  /// Powers and currents that wander, voltages that tremble, counters that grow, states that stand.
  private struct Device {
    var name: DeviceID
    var values: [Double]

    init(_ number: Int) {
      name = DeviceID("device-\(number)")
      // No two devices stand alike.
      let spread = Double(number * 37 % 101)
      values = FiguresTests.points.map { point in
        switch point {
        case _ where point.isCounter: 1e7 + 1e5 * spread
        case .power, .powerL1, .powerL2, .powerL3, .reactivePower, .apparentPower: 1500 + 40 * spread
        case .frequency: 50
        default: 50 + 20 * spread * point.resolution
        }
      }
    }

    mutating func step(_ random: inout SeededGenerator) -> [Reading] {
      for (index, point) in FiguresTests.points.enumerated() {
        let tremble = Double.random(in: -1...1, using: &random)
        switch point {
        case .soc, .operatingState, .batteryTemperature: break
        case _ where point.isCounter: values[index] += abs(tremble)
        case .power, .powerL1, .powerL2, .powerL3, .reactivePower, .apparentPower: values[index] += tremble * 40
        default: values[index] += tremble * 5 * point.resolution
        }
      }
      return zip(FiguresTests.points, values).map { Reading($0, $1) }
    }
  }

  /// Bytes by which a value makes the database grow, and the mean time of a commit in milliseconds.
  private func measure(devices count: Int, commits: Int, samplesEach: Int) async throws -> (Double, Double) {
    let stand = try Stand(budget: 256 << 20)
    let journal = try await stand.open()
    var devices = (0..<count).map(Device.init)
    var random = SeededGenerator(state: 11)
    let clock = ContinuousClock()
    var spent = Duration.zero
    let empty = try await pages(journal)
    for _ in 0..<commits {
      for _ in 0..<samplesEach {
        stand.time.advance(by: .milliseconds(4000 / samplesEach))
        for index in devices.indices {
          let readings = devices[index].step(&random)
          journal.accept(Sample(device: devices[index].name, measured: stand.time.now(), readings: readings))
        }
      }
      let start = clock.now
      #expect(await journal.commit())
      spent += clock.now - start
    }
    let grown = try await pages(journal) - empty
    await journal.close()
    let values = count * commits * samplesEach * Self.points.count
    return (Double(grown * 4096) / Double(values), spent.seconds * 1000 / Double(commits))
  }

  private func pages(_ journal: Journal) async throws -> Int { Int(try await journal.pragma("page_count") ?? "") ?? 0 }

  @Test func threeDevicesReadEverySecond() async throws {
    let (bytes, commit) = try await measure(devices: 3, commits: 300, samplesEach: 4)
    report("3 devices × 20 points at 1 s, commits of 4 s", bytes, commit)
    #expect(bytes < 2)
  }

  /// One sample of each device a commit: the least that a segment can hold, with its minute of history spread over
  /// fifteen values of a point instead of sixty.
  @Test func threeDevicesReadEveryFourSeconds() async throws {
    let (bytes, commit) = try await measure(devices: 3, commits: 300, samplesEach: 1)
    report("3 devices × 20 points at 4 s, commits of 4 s", bytes, commit)
    #expect(bytes < 4.5)
  }

  @Test func fiftyDevicesInOneCommit() async throws {
    let (bytes, commit) = try await measure(devices: 50, commits: 40, samplesEach: 1)
    report("50 devices × 20 points at 4 s, commits of 4 s", bytes, commit)
    #expect(bytes < 3)
  }

  /// What history adds: one row a minute, of 60 readings each of 50 × 20 points.
  @Test func historyOfFiftyDevices() async throws {
    let stand = try Stand(budget: 256 << 20)
    let journal = try await stand.open()
    var devices = (0..<50).map(Device.init)
    var random = SeededGenerator(state: 11)
    for _ in 0..<124 {
      for index in devices.indices {
        let readings = devices[index].step(&random)
        journal.accept(Sample(device: devices[index].name, measured: stand.time.now(), readings: readings))
      }
      stand.time.advance(by: .seconds(1))
      #expect(await journal.commit())
    }
    #expect(try await journal.count("minute") == 2)
    let row = Double(try await journal.bytes("minute")) / 2
    await journal.close()
    let text =
      "history of 50 devices × 20 points: \(JSONText.decimal(row, 0)) bytes a minute, "
      + "\(JSONText.decimal(row / 1000, 2)) a point, \(JSONText.decimal(row / 60_000, 3)) a value at 1 s\n"
    FileHandle.standardError.write(Data(text.utf8))
    #expect(row / 60_000 < 0.2)
  }

  private func report(_ what: String, _ bytes: Double, _ commit: Double) {
    let text = "\(what): \(JSONText.decimal(bytes, 2)) bytes a value, \(JSONText.decimal(commit, 2)) ms a commit\n"
    FileHandle.standardError.write(Data(text.utf8))
  }
}
