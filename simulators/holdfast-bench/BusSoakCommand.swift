import ArgumentParser
import BusStage
import Foundation
import TestKit

/// A million exchanges with devices that misbehave.
struct SoakCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "soak",
    abstract:
      "Exchanges under random faults. Fails where a wrong value was marked good or a write confirmed without effect.")

  @Option(help: "Exchanges over TCP.")
  var tcp = 1_000_000

  @Option(help: "Exchanges over serial lines.")
  var serial = 100_000

  @Option(help: "Of a thousand requests, so many go wrong.")
  var faults = 3

  @Option(help: "The same seed, the same faults.")
  var seed: UInt64 = 1

  func run() async throws {
    var missed: [String] = []
    for isSerial in [false, true] {
      let name = isSerial ? "serial" : "TCP"
      let detectable = try await soak(name, isSerial, isSerial ? serial : tcp, BusSoak.detectable)
      if detectable.wrongValues > 0 { missed.append("\(name): \(detectable.wrongValues) wrong values marked good") }
      if detectable.confirmedWithoutEffect > 0 {
        missed.append("\(name): \(detectable.confirmedWithoutEffect) writes confirmed without effect")
      }
      _ = try await soak("\(name), residual", isSerial, (isSerial ? serial : tcp) / 20, BusSoak.residual)
    }
    try refuse(missed)
  }

  private func soak(
    _ name: String, _ isSerial: Bool, _ exchanges: Int, _ behaviours: [ModbusPeer.Behaviour]
  ) async throws -> BusSoak.Result {
    let result = try await BusSoak(
      isSerial: isSerial, exchanges: exchanges, faultsPerMille: faults, faults: behaviours, lines: 16, seed: seed
    ).run()
    let counted = result.faults.map { "\($0.key) \($0.value)" }.sorted().joined(separator: ", ")
    print("\(name): \(result.exchanges) exchanges, faults: \(counted)")
    print(
      "  \(result.goodValues) values marked good, \(result.wrongValues) of them wrong; \(result.confirmed) writes "
        + "confirmed, \(result.confirmedWithoutEffect) without effect, \(result.notConfirmed) not confirmed")
    return result
  }
}
