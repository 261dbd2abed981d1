import CZstd
import EnergyModel
import Foundation
import TestKit

/// A receiver outside of the agent's process that believes nothing: `mosquitto_sub` with a persistent
/// session writes down every message, and the judge reads what was written.
final class UplinkJudge {
  struct Message {
    var topic: String
    var header: [String: Any]
    var records: [[String: Any]]
    var epoch: String { header["epoch"] as? String ?? "" }
    var first: UInt64 { (header["first"] as? NSNumber)?.uint64Value ?? 0 }
    var last: UInt64 { (header["last"] as? NSNumber)?.uint64Value ?? 0 }
  }

  enum Unreadable: Error { case line(String), frame }

  private let file: URL
  private var subscriber: ChildProcess?
  /// What was read so far, and up to which byte.
  private var read: [Message] = []
  private var offset: UInt64 = 0

  init(port: Int, folder: URL) throws {
    file = folder.appendingPathComponent("uplink-\(port).txt")
    subscriber = try ChildProcess(
      "mosquitto_sub",
      ["-h", "127.0.0.1", "-p", "\(port)", "-q", "1", "-i", "judge", "-c", "-t", "holdfast/v1/#", "-F", "%t %x"],
      output: file)
  }

  deinit { subscriber?.kill() }

  /// What judges wrote down in a folder.
  static func files(in folder: URL) -> [URL] {
    let found = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    return found?.filter { $0.lastPathComponent.hasPrefix("uplink-") } ?? []
  }

  /// Every message so far, in order of arrival. A line that cannot be read throws: nothing is passed over.
  func messages() throws -> [Message] {
    let file = try FileHandle(forReadingFrom: file)
    defer { try? file.close() }
    try file.seek(toOffset: offset)
    let data = try file.readToEnd() ?? Data()
    // What follows the last line break is still being written.
    guard let end = data.lastIndex(of: UInt8(ascii: "\n")) else { return read }
    let whole = data[...end]
    let lines = String(decoding: whole, as: UTF8.self).components(separatedBy: "\n")
    read += try lines.filter { $0.hasPrefix("holdfast/v1/") }.map(Self.read)
    offset += UInt64(whole.count)
    return read
  }

  func messages(_ leaf: String) throws -> [Message] {
    try messages().filter { $0.topic.hasSuffix("/" + leaf) }
  }

  /// The event log as a receiver keeps it: live or from the backlog, each `seq` of an epoch once, in their order. After
  /// a SIGKILL segments come again whose acknowledgement the agent did not live to see.
  func events() throws -> [[String: Any]] {
    var known: [String: [UInt64: [String: Any]]] = [:]
    for message in try messages() where message.header["log"] as? String == "events" {
      for record in message.records {
        guard let seq = (record["seq"] as? NSNumber)?.uint64Value else { continue }
        known[message.epoch, default: [:]][seq] = record
      }
    }
    return known.values.flatMap { $0.sorted { $0.key < $1.key }.map(\.value) }
  }

  /// When a device's telemetry was measured, ms, ascending and once each.
  func times(of device: String) throws -> [Int64] {
    let telemetry = try messages().filter { $0.header["log"] as? String == "telemetry" }.flatMap(\.records)
    let times = telemetry.filter { $0["device"] as? String == device }.compactMap { ($0["t"] as? NSNumber)?.int64Value }
    return Set(times).sorted()
  }

  private static func read(_ line: String) throws -> Message {
    let parts = line.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, let payload = bytes(hex: parts[1]) else { throw Unreadable.line(line) }
    let topic = String(parts[0])
    if topic.hasSuffix("/backfill") {
      let lines = try decompress(payload).split(separator: UInt8(ascii: "\n")).map { try object(Data($0)) }
      guard let header = lines.first else { throw Unreadable.line(line) }
      return Message(topic: topic, header: header, records: Array(lines.dropFirst()))
    }
    let header = try object(Data(payload))
    return Message(topic: topic, header: header, records: header["records"] as? [[String: Any]] ?? [])
  }

  private static func object(_ data: Data) throws -> [String: Any] {
    guard let object = try JSONSerialization.jsonObject(with: data) as? [String: Any] else { throw Unreadable.frame }
    return object
  }

  private static func bytes(hex: Substring) -> [UInt8]? {
    guard hex.utf8.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(hex.utf8.count / 2)
    var high: UInt8?
    for digit in hex.utf8 {
      let value: UInt8
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = digit - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = digit - UInt8(ascii: "a") + 10
      default: return nil
      }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }

  private static func decompress(_ frame: [UInt8]) throws -> [UInt8] {
    // One frame, whose size is the whole payload: the contract allows nothing behind it.
    guard ZSTD_findFrameCompressedSize(frame, frame.count) == frame.count else { throw Unreadable.frame }
    var text = [UInt8](repeating: 0, count: 4 << 20)
    let count = ZSTD_decompress(&text, text.count, frame, frame.count)
    guard ZSTD_isError(count) == 0 else { throw Unreadable.frame }
    return Array(text[..<count])
  }
}
