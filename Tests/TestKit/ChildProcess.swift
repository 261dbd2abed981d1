public import Foundation

/// A program that a test starts and is sure to stop.
public final class ChildProcess {
  public let process = Process()

  /// - Parameters:
  ///   - executable: a path, or a name that is looked up on PATH.
  ///   - file: takes standard output and standard error; nil discards both.
  ///   - errors: takes standard error instead.
  public init(_ executable: String, _ arguments: [String], output file: URL? = nil, errors: FileHandle? = nil) throws {
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [executable] + arguments
    if let file {
      _ = FileManager.default.createFile(atPath: file.path, contents: nil)
      let handle = try FileHandle(forWritingTo: file)
      process.standardOutput = handle
      process.standardError = handle
    } else {
      process.standardOutput = FileHandle.nullDevice
      process.standardError = FileHandle.nullDevice
    }
    if let errors { process.standardError = errors }
    process.standardInput = FileHandle.nullDevice
    try process.run()
  }

  deinit { kill() }

  public var identifier: Int32 { process.processIdentifier }

  public func signal(_ number: Int32) { Foundation.kill(process.processIdentifier, number) }

  /// SIGKILL, and waits for the end.
  public func kill() {
    guard process.isRunning else { return }
    Foundation.kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
  }

  /// SIGTERM, and waits for the end.
  @discardableResult
  public func terminate() -> Int32 {
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    return process.terminationStatus
  }
}
