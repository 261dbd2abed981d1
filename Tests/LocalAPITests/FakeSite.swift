import EnergyModel
import SiteClient
import TestKit

@testable import LocalAPI

/// A site that stands still, with one of everything that the answers can show.
struct FakeSite: SiteStatusSource {
  var given = FakeSite.example

  func status() -> SiteStatus { given }

  func lastHour() -> [ChartSample] {
    (0..<3).map { index in
      var balance = SiteStatus.Balance()
      balance.grid = index == 1 ? nil : -1520.4
      balance.pv = 4000
      balance.soc = 55.55
      return ChartSample(at: Timestamp(milliseconds: Int64(index) * 5000), balance: balance)
    }
  }

  static let moment = Moment(
    wall: Timestamp(milliseconds: 1_782_036_000_000), monotonic: MonotonicInstant(nanoseconds: 7))

  static var example: SiteStatus {
    var status = SiteStatus(site: "mill-lane-4", version: "0.1.0", mode: "control", at: moment, uptime: .seconds(90))
    status.balance.grid = -1520.4
    status.balance.pv = 4000
    status.balance.battery = -700
    status.balance.load = 1700
    status.balance.soc = 55.55
    status.devices = [
      SiteStatus.Device(
        id: "grid-meter", profile: "eastron-sdm630", state: "ok", samples: 42, age: .milliseconds(350),
        points: [
          SiteStatus.PointState(point: .power, value: -1520.4, quality: .good),
          SiteStatus.PointState(point: .frequency, value: nil, quality: .timeout),
        ]),
      SiteStatus.Device(
        id: "boiler", profile: "relay-0", state: "ok", samples: 41, age: .milliseconds(200),
        points: [SiteStatus.PointState(point: .relayOn, value: 1, quality: .good)], isLeftOn: false),
    ]
    status.decision = Decision(
      at: moment, sentence: "The battery charges with 700 W: <self-consumption>.", wish: "charge 900 W",
      rule: "self-consumption",
      bounds: [Decision.Bound(rule: "device-protection", quantity: "hybrid battery", text: "charge at most 700 W")],
      setpoints: [
        Setpoint(
          device: "hybrid", kind: .chargeLimit, value: 700, owner: "self-consumption",
          expires: MonotonicInstant(nanoseconds: 9))
      ], isSafeState: false)
    status.forecast = [SiteStatus.Forecast(quantity: "load", power: nil, remark: "no history yet")]
    status.cycle.count = 90
    status.cycle.worstLateness = .microseconds(1500)
    status.journal.committedRecords = 1234
    status.journal.bytes = 5_000_000
    var uplink = SiteStatus.Uplink(destination: "vpp", isConnected: true)
    uplink.sentRecords = 1200
    uplink.acknowledgedRecords = 1190
    uplink.backlogRecords = 44
    uplink.refusedMessages = 2
    uplink.dataBytes = 30_000_000
    uplink.dataBudgetBytes = 50_000_000
    status.uplinks = [uplink]
    status.setpoints.written = 3
    return status
  }
}

/// A local API that runs on a free port until the test is over.
final class RunningAPI {
  let port: Int
  private let work: Task<Void, any Error>

  init(_ source: any SiteStatusSource = FakeSite()) async throws {
    let port = Loopback.freePort()
    self.port = port
    work = Task { try await LocalAPI(host: "127.0.0.1", port: port, source: source).run() }
    try await eventually("the API listens") { Loopback.accepts(port) }
  }

  deinit { work.cancel() }

  func get(_ path: String) async throws -> (status: Int, body: String) {
    try await LocalAPIClient.get(host: "127.0.0.1", port: port, path: path)
  }

  func stop() async {
    work.cancel()
    _ = await work.result
  }
}
