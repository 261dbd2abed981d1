import EnergyModel
import Foundation
import MQTTLink
import TestKit
import Testing

/// Certificates and accounts, right and wrong, against a mosquitto that asks for them.
@Suite struct LinkSecurityTests {
  /// A mosquitto with lines of configuration of its own.
  final class GuardedBroker {
    let port: Int
    let folder: URL
    private let child: ChildProcess

    init(port: Int = Loopback.freePort(), folder: URL, _ lines: String) throws {
      self.port = port
      self.folder = folder
      let file = folder.appendingPathComponent("guarded.conf")
      try "listener \(port) 127.0.0.1\nuser root\n\(lines)\n".write(to: file, atomically: true, encoding: .utf8)
      child = try ChildProcess("mosquitto", ["-c", file.path], output: folder.appendingPathComponent("log"))
      // Started as root it would become a user who cannot read the test's folder.
      for _ in 0..<500 where !Loopback.accepts(port) { usleep(10_000) }
    }

    deinit { child.kill() }
  }

  /// Makes an authority of its own and a certificate for `localhost` and 127.0.0.1, valid for two days.
  static func certificates(in folder: URL) throws {
    let script = """
      cd '\(folder.path)' &&
      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=test authority' -keyout ca.key -out ca.pem &&
      openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr &&
      printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > names &&
      openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names \
        -out server.pem
      """
    let child = try ChildProcess("sh", ["-c", script])
    child.wait()
    try #require(child.wait() == 0)
  }

  static func encrypted(_ folder: URL) -> String {
    "allow_anonymous true\ncertfile \(folder.path)/server.pem\nkeyfile \(folder.path)/server.key"
  }

  @Test func connectsOverTLSOnlyToABrokerItCanVerify() async throws {
    let folder = try TemporaryFolder.make("tls")
    defer { try? FileManager.default.removeItem(at: folder) }
    let strangers = folder.appendingPathComponent("strangers")
    try FileManager.default.createDirectory(at: strangers, withIntermediateDirectories: true)
    try Self.certificates(in: folder)
    try Self.certificates(in: strangers)
    let broker = try GuardedBroker(folder: folder, Self.encrypted(folder))
    let good = LinkWatch(
      LinkWatch.settings(port: broker.port) {
        $0.certificateAuthority = folder.appendingPathComponent("ca.pem").path
        $0.subscriptions = ["n"]
      })
    let wary = LinkWatch(
      LinkWatch.settings(port: broker.port) {
        $0.certificateAuthority = strangers.appendingPathComponent("ca.pem").path
      })
    try await good.connected()
    for id in 1...500 as ClosedRange<UInt64> { try await good.publish(id, "n", "\(id)") }
    try await eventually("messages") { good.messages.count == 500 && good.acknowledged.count == 500 }
    #expect(good.acknowledged == Array(1...500))
    try await eventually("refusal") { !wary.reasons.isEmpty }
    #expect(wary.connections == 0)
    #expect(wary.reasons[0].contains("certificate verify failed"))
    await good.finish()
    await wary.finish()
  }

  /// In a handshake the library takes a refusal for "not yet": it must show at once all the same.
  @Test func seesARefusalBeforeTheHandshake() async throws {
    let folder = try TemporaryFolder.make("tls")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Self.certificates(in: folder)
    let watch = LinkWatch(
      LinkWatch.settings(port: Loopback.freePort()) {
        $0.certificateAuthority = folder.appendingPathComponent("ca.pem").path
      })
    try await eventually(within: 5, "refusal") { !watch.reasons.isEmpty }
    #expect(watch.reasons[0].lowercased().contains("refused"))
    await watch.finish()
  }

  /// One TLS error ends the library's own thread silently; ours goes on (traps, libmosquitto 2).
  @Test func keepsTryingAfterATLSError() async throws {
    let folder = try TemporaryFolder.make("tls")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Self.certificates(in: folder)
    let plain = try TestBroker()
    let authority = folder.appendingPathComponent("ca.pem")
    let missing = LinkWatch(LinkWatch.settings(port: plain.port) { $0.certificateAuthority = "/nowhere/ca.pem" })
    let watch = LinkWatch(LinkWatch.settings(port: plain.port) { $0.certificateAuthority = authority.path })
    try await eventually(within: 12, "TLS error") { !watch.reasons.isEmpty && !missing.reasons.isEmpty }
    #expect(missing.reasons[0].hasPrefix("read /nowhere/ca.pem"))
    await missing.finish()
    plain.stop()
    let encrypted = try GuardedBroker(port: plain.port, folder: folder, Self.encrypted(folder))
    try await watch.connected(within: 20)
    await watch.finish()
    _ = encrypted
  }

  @Test func saysThatItIsNotAuthorisedAndNotWhatThePasswordIs() async throws {
    let folder = try TemporaryFolder.make("account")
    defer { try? FileManager.default.removeItem(at: folder) }
    let passwords = folder.appendingPathComponent("passwords")
    let maker = try ChildProcess("mosquitto_passwd", ["-b", "-c", passwords.path, "box", "right"])
    maker.wait()
    let broker = try GuardedBroker(
      folder: folder, "allow_anonymous false\npassword_file \(passwords.path)")
    let right = LinkWatch(
      LinkWatch.settings(port: broker.port) {
        $0.user = "box"
        $0.password = "right"
      })
    let wrong = LinkWatch(
      LinkWatch.settings(port: broker.port) {
        $0.user = "box"
        $0.password = "hunter2"
      })
    try await right.connected()
    try await eventually("refusal") { !wrong.reasons.isEmpty }
    #expect(wrong.reasons[0].contains("not authorised"))
    #expect(!wrong.reasons[0].contains("hunter2"))
    #expect(wrong.connections == 0)
    await right.finish()
    await wrong.finish()
  }
}
