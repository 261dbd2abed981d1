import Foundation
import GRDB
import SiteStage
import TestKit

/// `holdfast-receiver` at the aggregator's broker, as a process that can be killed, and its database.
final class ReceiverProcess {
  let database: URL
  private let port: Int
  private let folder: URL
  private var child: ChildProcess?
  private var log: URL { folder.appendingPathComponent("receiver.log") }

  private let replayAfter: String

  /// - Parameter replayAfter: how long it lets a hole be before it asks; `0s` never asks.
  convenience init(_ stage: SiteStage, replayAfter: String = "3s") {
    self.init(port: stage.aggregator.port, folder: stage.folder, replayAfter: replayAfter)
  }

  init(port: Int, folder: URL, replayAfter: String = "3s") {
    self.port = port
    self.folder = folder
    self.replayAfter = replayAfter
    database = folder.appendingPathComponent("receiver.sqlite")
  }

  deinit { kill() }

  func start() throws {
    child = try ChildProcess(
      program,
      [
        "run", "--mqtt", "127.0.0.1:\(port)", "--database", database.path, "--replay-after", replayAfter,
      ], output: log)
  }

  func kill() {
    child?.kill()
    child = nil
  }

  /// Holds its transactions up from outside, and kills it while messages wait for theirs.
  func killBeforeCommit(heldUpFor seconds: Double) throws {
    let database = try open()
    defer { try? database.close() }
    try database.writeWithoutTransaction { db in
      try db.execute(sql: "BEGIN IMMEDIATE")
      usleep(UInt32(seconds * 1e6))
      kill()
      try db.execute(sql: "ROLLBACK")
    }
  }

  func terminate() -> Int32? {
    defer { child = nil }
    return child?.terminate()
  }

  /// What it told people so far.
  var lines: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

  /// `prove`: the exit code and what it printed.
  func prove(isStrict: Bool = false) throws -> (code: Int32, text: String) {
    let file = folder.appendingPathComponent("proof-\(UUID().uuidString).txt")
    let arguments = ["prove", "--database", database.path] + (isStrict ? ["--strict"] : [])
    let code = try ChildProcess(program, arguments, output: file).wait()
    return (code, try String(contentsOf: file, encoding: .utf8))
  }

  /// Records of an epoch in the database, up to a seq.
  func count(_ epoch: String, upTo last: UInt64) throws -> UInt64 {
    let database = try open()
    defer { try? database.close() }
    let sql = "SELECT count(*) FROM record WHERE seq <= ? AND log = (SELECT id FROM log WHERE epoch = ?)"
    return UInt64(try database.read { try Int64.fetchOne($0, sql: sql, arguments: [Int64(last), epoch]) ?? 0 })
  }

  /// Committed records that are not in the database, by epoch.
  func lacks(_ committed: CommittedLogs) throws -> [String: UInt64] {
    var lacking: [String: UInt64] = [:]
    for (epoch, last) in committed.last {
      let count = try count(epoch, upTo: last)
      if count != last { lacking[epoch] = last - count }
    }
    return lacking
  }

  private func open() throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.busyMode = .timeout(10)
    return try DatabaseQueue(path: database.path, configuration: configuration)
  }

  private var program: String { Scenario.programs.appendingPathComponent("holdfast-receiver").path }
}
