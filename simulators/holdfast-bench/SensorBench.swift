import ArgumentParser
import DeviceProfile
import EnergyModel
import Foundation
import Gateway
import Journal
import MQTTDevices
import MQTTLink
import TestKit

/// From messages of sensors to readings, and on to durable segments: the real link, the real reading of payloads and the real
/// journal on a disk, against `mqtt_limit sub`, which only counts, in turn over the same broker at QoS 1. And what a hundred
/// thousand sensors take while they are held.
struct SensorBench {
  let limits: String
  let build: String
  let rounds: Int
  let messages: Int

  /// What the messages of ours in a second must be of those of plain C, and what they are meant to be.
  private static let wanted = 0.5
  private static let aimed = 0.6
  /// The same where each value is raw in a committed segment.
  private static let wantedDurable = 0.4
  private static let meters = 1000
  private static let many = 100_000

  /// - Returns: which limits were missed.
  func run() async throws -> [String] {
    try shell("make", ["-s", "-C", limits, "BUILD=\(URL(fileURLWithPath: build).path)"])
    let program = URL(fileURLWithPath: build).appendingPathComponent("mqtt_limit").path
    let broker = try TestBroker()
    let folder = try TemporaryFolder.make("sensor-bench")
    defer { try? FileManager.default.removeItem(at: folder) }
    var plain: [Double] = []
    var ours: [Double] = []
    var durable: [Double] = []
    for _ in 0..<rounds {
      plain.append(try await count(program, broker.port, folder))
      ours.append(try await read(program, broker.port, into: nil))
      durable.append(try await keep(program, broker.port, folder))
    }
    var bounds = Bounds()
    tell("read into readings", ours, plain, Self.wanted, &bounds, aim: Self.aimed)
    tell("in durable segments", durable, plain, Self.wantedDurable, &bounds)
    holdMany()
    return bounds.missed
  }

  private func tell(
    _ what: String, _ ours: [Double], _ plain: [Double], _ wanted: Double, _ bounds: inout Bounds, aim: Double? = nil
  ) {
    let ratios = zip(ours, plain).map { $0 / $1 }
    let limit = bounds.limit(median(ratios), atLeast: wanted, "messages of sensors \(what) against plain C")
    let aimed = aim.map { "; " + Bounds.aim(median(ratios), atLeast: $0) } ?? ""
    print(
      String(
        format: "sensors: %.0f messages/s \(what); plain C counts %.0f at QoS 1; ratio %.2f "
          + "(median of %d, %.2f to %.2f; %@%@)", median(ours), median(plain), median(ratios), rounds,
        ratios.min() ?? .nan, ratios.max() ?? .nan, limit, aimed))
  }

  /// `mqtt_limit sub` alone.
  private func count(_ program: String, _ port: Int, _ folder: URL) async throws -> Double {
    let file = folder.appendingPathComponent("sub.txt")
    let subscriber = try ChildProcess(program, ["sub", "127.0.0.1", "\(port)", "\(messages)", "1"], output: file)
    // It says nothing once it has subscribed.
    usleep(500_000)
    try publish(program, port)
    guard subscriber.wait() == 0 else { throw BenchFailure(text: "mqtt_limit sub failed") }
    let text = try String(contentsOf: file, encoding: .utf8)
    guard let rate = text.split(separator: " ").compactMap({ Double($0) }).last else {
      throw BenchFailure(text: "mqtt_limit said: \(text)")
    }
    return rate
  }

  /// With a journal that commits as the agent's does, and a last commit that counts. The agent's queue is made for less: it
  /// holds 20,000 samples from one commit to the next.
  private func keep(_ program: String, _ port: Int, _ parent: URL) async throws -> Double {
    let folder = parent.appendingPathComponent("journal-\(UInt32.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let settings = JournalSettings(
      folder: folder.path, budget: 1 << 32, reserve: 0, mailboxCapacity: messages,
      destinations: [JournalSettings.Destination("bench", logs: [LogPlan()])])
    let journal = try await Journal.open(settings, time: SystemTime())
    let writing = Task.detached { await journal.run() }
    let rate = try await read(program, port, into: journal)
    let counters = journal.counters()
    await journal.close()
    await writing.value
    guard counters.droppedSamples == 0, counters.committedRecords >= UInt64(messages) else {
      throw BenchFailure(
        text: "\(counters.committedRecords) records of \(messages) messages were committed, "
          + "\(counters.droppedSamples) samples dropped")
    }
    return rate
  }

  private func read(_ program: String, _ port: Int, into journal: Journal?) async throws -> Double {
    let state = SiteState()
    var topics = SensorTopics([Self.family(most: Self.meters)])
    let link = MQTTLink(
      settings: LinkSettings(
        clientID: "sensors", host: "127.0.0.1", port: port, subscriptions: topics.filters, holdsBack: true),
      time: SystemTime(), seed: 1)
    let events = link.events()
    link.start()
    defer {
      link.stop()
      link.join()
    }
    let publisher = Task.detached {
      usleep(500_000)
      try self.publish(program, port)
    }
    var seen = 0
    var good = 0
    var first: UInt64 = 0
    for await event in events {
      guard case .message(let message) = event else { continue }
      if seen == 0 { first = DispatchTime.now().uptimeNanoseconds }
      seen += 1
      for case .sample(let sample) in topics.readings(for: message) {
        state.accept(sample)
        journal?.accept(sample)
        good += sample.readings.count
      }
      if seen == messages { break }
    }
    if let journal, await !journal.flush() { throw BenchFailure(text: "a commit failed: \(journal.counters())") }
    let took = Double(DispatchTime.now().uptimeNanoseconds - first) / 1e9
    try await publisher.value
    guard good == messages * 3 else { throw BenchFailure(text: "\(good) of \(messages * 3) values were read") }
    return Double(seen - 1) / took
  }

  private func publish(_ program: String, _ port: Int) throws {
    try shell(program, ["pub", "127.0.0.1", "\(port)", "\(messages)", "1", "\(Self.meters)"])
  }

  /// As `mqtt_limit pub` publishes. Its times are not of today, so they are left alone.
  private static func family(most: Int) -> SensorDefinition {
    SensorDefinition(
      device: "bench",
      messages: [
        .init(
          topic: TopicPattern([.literal("load"), .capture("meter"), .literal("reading")]),
          values: [
            .init(point: .power, path: ["power_w"]), .init(point: .energyImport, path: ["energy_wh"]),
            .init(point: .voltageL1, path: ["voltage_v"]),
          ])
      ], mostMembers: most)
  }

  private func holdMany() {
    let state = SiteState()
    var topics = SensorTopics([Self.family(most: Self.many)])
    let time = SystemTime()
    let before = residentBytes()
    var good = 0
    for number in 0..<Self.many {
      let payload = #"{"ts":1700000000000,"power_w":\#(number % 4000).5,"energy_wh":\#(number),"voltage_v":230.1}"#
      let message = IncomingMessage(
        topic: "load/meter-\(number)/reading", payload: Array(payload.utf8), isRetained: false, received: time.now())
      for case .sample(let sample) in topics.readings(for: message) {
        state.accept(sample)
        good += 1
      }
    }
    let held = Double(residentBytes() - before) / 1e6
    print(String(format: "sensors: %d held at once in %.0f MB, %.0f bytes each", good, held, held * 1e6 / Double(good)))
    withExtendedLifetime((state, topics)) {}
  }

  private func residentBytes() -> Int {
    let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * Int(sysconf(Int32(_SC_PAGESIZE)))
  }
}

/// The sensors alone.
struct SensorFigures: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sensors",
    abstract: "Messages of sensors a second that are read into readings, and on into durable segments.")

  @OptionGroup var comparison: Comparison

  @Option(help: "Messages in each round.")
  var messages = 200_000

  func run() async throws {
    try refuse(
      try await SensorBench(
        limits: comparison.limits, build: comparison.build, rounds: comparison.rounds, messages: messages
      ).run())
  }
}
