public import EnergyModel
public import Foundation
public import Journal
public import MQTTLink
import TestKit
public import Uplink

/// One site in this process, plugged together as the agent does it: devices with noise, journal, uplink and link, on a
/// clock that is driven second by second until it is let go. The link lives from the beginning, whoever answers it.
public final class DrivenSite {
  public static let destination = DestinationID("vpp")
  public static let name = "outage"
  /// The journal's own interval.
  public static let secondsPerCommit = 4

  public let time: DrivenTime
  public let journal: Journal
  public let link: MQTTLink
  public let uplink: Uplink
  public let folder: URL
  public let devices: Int
  private var noise: NoisySite
  private var seconds = 0
  public private(set) var measuredRecords: UInt64 = 0
  private var work: [Task<Void, Never>] = []

  /// - Parameters:
  ///   - folder: of the journal.
  ///   - port: where the broker is, or will be, on loopback.
  ///   - budget: of the journal, bytes.
  ///   - retention: how long the journal keeps what is acknowledged.
  ///   - adjust: changes how the uplink is shipped.
  public init(
    devices: Int, in folder: URL, port: Int, budget: Int = 250_000_000, retention: Duration = .seconds(86_400),
    adjust: (inout UplinkSettings) -> Void = { _ in }
  ) async throws {
    self.devices = devices
    self.folder = folder
    noise = NoisySite(devices: devices, seed: 1)
    time = DrivenTime(
      Moment(wall: Timestamp(milliseconds: 1_763_659_200_000), monotonic: SystemTime().now().monotonic))
    journal = try await Journal.open(
      JournalSettings(
        folder: folder.path, budget: budget, destinations: [.init(Self.destination)], retention: retention),
      time: time)
    var settings = UplinkSettings(destination: Self.destination, site: Self.name, version: "driven")
    adjust(&settings)
    link = MQTTLink(
      settings: LinkSettings(
        clientID: "holdfast-\(Self.name)", host: "127.0.0.1", port: port,
        will: Uplink.will(settings, boot: journal.boot, at: time.now().wall), subscriptions: settings.subscriptions),
      time: time, seed: 1)
    uplink = Uplink(
      settings: settings, link: link, store: journal, compressor: ZstdCompressor(), events: journal, states: journal,
      zone: .utc, time: time, seed: 2)
    work.append(Task { [uplink] in await uplink.run() })
    link.start()
  }

  /// Drives the clock on by a second, measures, and commits every fourth time.
  public func second() async throws {
    time.advance(by: .seconds(1))
    link.lookAtClock()
    measure()
    seconds += 1
    guard seconds % Self.secondsPerCommit == 0 else { return }
    guard await journal.flush() else { throw DrivenSiteFailure(text: "a commit failed: \(journal.counters())") }
  }

  /// Drives the clock on until the link is up. Connecting takes time of this machine, so the ten seconds that it may
  /// take last half of one.
  /// - Parameter seconds: the most that may go by.
  public func reconnect(within seconds: Int) async throws {
    for _ in 0..<seconds {
      if link.isConnected { return }
      try await second()
      try await Task.sleep(for: .milliseconds(50))
    }
    throw DrivenSiteFailure(text: "the link is not up after \(seconds) s")
  }

  /// One sample of each device now.
  public func measure() {
    for sample in noise.samples(at: time.now()) { journal.accept(sample) }
    measuredRecords += UInt64(devices)
  }

  /// From here the clock runs by itself, and the journal commits at its own pace.
  public func letGo() {
    time.letGo()
    link.lookAtClock()
    work.append(Task { [journal] in await journal.run() })
  }

  public var committedRecords: UInt64 { journal.counters().committedRecords }
  public var backlog: UInt64 { journal.backlog(for: Self.destination) }

  /// Ends the threads and closes the journal.
  public func stop() async {
    link.stop()
    link.join()
    for task in work { task.cancel() }
    await journal.close()
    for task in work { await task.value }
  }
}

public struct DrivenSiteFailure: Error, CustomStringConvertible {
  public var text: String
  public var description: String { text }
}
