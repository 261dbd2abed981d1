public import EnergyModel
public import Foundation

/// Holds what tests put on the wire against `docs/schemas`, by `Tests/schemas/validate` in a process of its own.
public enum SchemaCheck {
  private static let validator = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("schemas/validate")

  /// What is wrong, in words; nil when nothing is.
  /// - Parameter hasPlainBackfill: the backfill is not compressed, as in tests without a compressor.
  public static func problem(
    in messages: [(topic: String, payload: [UInt8])], hasPlainBackfill: Bool = false
  ) throws -> String? {
    let lines = messages.map { "\($0.topic) \(hex($0.payload))\n" }.joined()
    return try run(lines, hasPlainBackfill ? ["--plain-backfill"] : [])
  }

  public static func problem(in messages: [OutgoingMessage], hasPlainBackfill: Bool = false) throws -> String? {
    try problem(in: messages.map { ($0.topic, $0.payload) }, hasPlainBackfill: hasPlainBackfill)
  }

  /// Of a file that `mosquitto_sub -F '%t %x'` writes; what follows its last line break is not written yet.
  public static func problem(in file: URL) throws -> String? {
    let lines = try String(contentsOf: file, encoding: .utf8).components(separatedBy: "\n").dropLast()
    return try run(lines.filter { $0.hasPrefix("holdfast/v1/") }.map { $0 + "\n" }.joined(), [])
  }

  private static func run(_ lines: String, _ options: [String]) throws -> String? {
    let folder = try TemporaryFolder.make("schemas")
    defer { try? FileManager.default.removeItem(at: folder) }
    let (messages, output) = (folder.appendingPathComponent("messages"), folder.appendingPathComponent("output"))
    try lines.write(to: messages, atomically: true, encoding: .utf8)
    let child = try ChildProcess(validator.path, options + [messages.path], output: output)
    return child.wait() == 0 ? nil : try String(contentsOf: output, encoding: .utf8)
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
