public import Foundation

/// A mosquitto of a test's own, on a free port of loopback, that can be stopped, frozen and started again.
public final class TestBroker {
  public let port: Int
  public let folder: URL
  private var child: ChildProcess?

  /// - Parameter isPersistent: keeps sessions and queued messages over a ``stop()``.
  public init(port: Int = Loopback.freePort(), isPersistent: Bool = false) throws {
    self.port = port
    folder = try TemporaryFolder.make("broker")
    // Started as root it would become a user who cannot write the test's folder, and keep nothing over a stop.
    let configuration = """
      user root
      listener \(port) 127.0.0.1
      allow_anonymous true
      persistence \(isPersistent)
      persistence_location \(folder.path)/
      max_queued_messages 0
      max_inflight_messages 1000
      """
    try configuration.write(to: folder.appendingPathComponent("mosquitto.conf"), atomically: true, encoding: .utf8)
    try start()
  }

  deinit {
    stop()
    try? FileManager.default.removeItem(at: folder)
  }

  /// Starts it and returns once it accepts connections.
  public func start() throws {
    child = try ChildProcess(
      "mosquitto", ["-c", folder.appendingPathComponent("mosquitto.conf").path],
      output: folder.appendingPathComponent("log"))
    for _ in 0..<500 {
      if Loopback.accepts(port) { return }
      usleep(10_000)
    }
    throw TestKitError.didNotStart("mosquitto on port \(port)")
  }

  /// SIGTERM: a persistent broker saves its sessions.
  public func stop() {
    thaw()
    child?.terminate()
    child = nil
  }

  /// SIGKILL.
  public func kill() {
    child?.kill()
    child = nil
  }

  /// SIGSTOP: it accepts connections and swallows everything.
  public func freeze() { child?.signal(SIGSTOP) }
  public func thaw() { child?.signal(SIGCONT) }
}

public enum TestKitError: Error { case didNotStart(String), timedOut(String) }

public enum TemporaryFolder {
  public static func make(_ name: String) throws -> URL {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-\(name)-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    return url
  }
}

/// Waits for something another process or thread does; throws when it did not happen in time. Polls,
/// because peers in other processes offer nothing better.
public func eventually(
  within seconds: Double = 10, _ what: @autoclosure () throws -> String, _ condition: () async throws -> Bool
) async throws {
  let end = Date().addingTimeInterval(seconds)
  while Date() < end {
    if try await condition() { return }
    try await Task.sleep(nanoseconds: 10_000_000)
  }
  throw TestKitError.timedOut(try what())
}
