import ArgumentParser
import Foundation
import SiteClient

/// Where the running agent's local API listens.
struct AgentAddress: ParsableArguments {
  @Option(name: .customLong("api"), help: "HOST:PORT of the agent's local API.")
  var address = "127.0.0.1:8480"

  func client() throws -> SiteClient {
    guard let colon = address.lastIndex(of: ":"), let port = Int(address[address.index(after: colon)...]),
      (1...65535).contains(port)
    else { throw ValidationError("--api: \(address) is not HOST:PORT") }
    return SiteClient(host: String(address[..<colon]), port: port)
  }

  /// Asks; where no agent answers, says so and ends with 69 (EX_UNAVAILABLE).
  func site() async throws -> SiteReport { try await ask { try await $0.site() } }

  func ask<Answer>(_ question: (SiteClient) async throws -> Answer) async throws -> Answer {
    do {
      return try await question(client())
    } catch let failure as SiteClient.Failure {
      complain("holdfast: \(failure)")
      throw ExitCode(69)
    }
  }
}

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Shows the running agent's site: powers, devices, journal and uplinks.")

  @OptionGroup var agent: AgentAddress

  @Flag(help: "The API's JSON as it is.")
  var json = false

  func run() async throws {
    if json {
      print(try await agent.ask { try await $0.get("/api/v1/site") })
      return
    }
    let site = try await agent.site()
    print("\(site.site), holdfast \(site.version), \(site.mode), boot \(site.journal.boot)")
    print("  grid \(watts(site.balance.gridPowerW))  PV \(watts(site.balance.pvPowerW))", terminator: "")
    print("  battery \(watts(site.balance.batteryPowerW))  load \(watts(site.balance.loadPowerW))", terminator: "")
    print("  SoC \(site.balance.socPercent.map { "\($0) %" } ?? "unknown")")
    print("  \(site.decision?.sentence ?? "no decision yet")")
    for device in site.devices {
      let age = device.ageMs.map { ", newest value \(String(format: "%.1f", Double($0) / 1000)) s old" } ?? ""
      let left = device.ifAgentDies.map { ", left \($0) when the agent stops" } ?? ""
      print("  \(device.id) (\(device.profile)): \(device.state), \(device.samples) samples\(age)\(left)")
    }
    let journal = site.journal
    print("  journal: \(journal.committedRecords) records committed, \(journal.sizeBytes / 1024) KiB", terminator: "")
    print(journal.fault.map { ", FAULT: \($0)" } ?? "")
    for uplink in site.uplinks {
      let state = uplink.connected ? "connected" : "offline"
      print(
        "  uplink \(uplink.destination): \(state), \(uplink.sentRecords) sent, \(uplink.acknowledgedRecords) "
          + "acknowledged, \(uplink.backlogRecords) waiting")
    }
  }

  private func watts(_ value: Double?) -> String { value.map { String(format: "%.0f W", $0) } ?? "unknown" }
}
