import ArgumentParser
import Foundation
import MQTTLink
import Receiver
import UnixSignals

/// `holdfast-receiver run`: receives until SIGTERM or SIGINT.
struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Receives until it is stopped.")

  @OptionGroup var options: DatabaseOption

  @Option(help: "HOST:PORT of the broker.") var mqtt: String
  @Option(help: "Account at the broker.") var user: String?
  @Option(help: "File whose first line is the account's password.") var passwordFile: String?
  @Option(help: "PEM file with the authority that signed the broker's certificate: connects with TLS.") var ca: String?
  @Option(help: "Name of the persistent session; unique at the broker.") var clientID = "holdfast-receiver"
  @Option(help: "One site only.") var site: String?
  @Option(help: "Asks again for a hole that has stayed for so long, such as 30s; 0s never asks.") var replayAfter =
    "30s"

  func run() async throws {
    let archive = try Archive(path: options.database)
    var settings = Receiver.Settings()
    settings.replayAfter = try patience()
    let time = SystemTime()
    let link = MQTTLink(settings: try linkSettings(), time: time, seed: .random(in: 0 ... .max))
    let receiver = Receiver(settings, link: link, archive: archive, time: time, dropped: { link.droppedMessages }) {
      line in
      FileHandle.standardError.write(Data((line + "\n").utf8))
    }
    link.start()
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await receiver.run() }
      group.addTask {
        for await _ in await UnixSignalsSequence(trapping: .sigterm, .sigint) { break }
        await receiver.acknowledgeNow()
        // What the link has received is still kept: the receiver works until the last event.
        link.stop()
      }
      // A database that fails ends the program: a receiver that only lives on would let the broker believe in it.
      for try await _ in group {}
    }
    try archive.close()
  }

  private func linkSettings() throws -> LinkSettings {
    guard let colon = mqtt.lastIndex(of: ":"), let port = UInt16(mqtt[mqtt.index(after: colon)...]), port > 0 else {
      throw ValidationError("--mqtt wants HOST:PORT, not '\(mqtt)'")
    }
    let password = try passwordFile.map { path in
      String(try String(contentsOfFile: path, encoding: .utf8).prefix { !$0.isNewline })
    }
    // The session stays at the broker, so that what is sent while the receiver is away waits for it.
    return LinkSettings(
      clientID: clientID, host: String(mqtt[..<colon]), port: Int(port), user: user, password: password,
      certificateAuthority: ca, subscriptions: SiteMessage.subscriptions(site: site ?? "+"), isCleanSession: false,
      holdsBack: true)
  }

  private func patience() throws -> Duration? {
    guard replayAfter.hasSuffix("s"), let seconds = Int(replayAfter.dropLast()), (0...86_400).contains(seconds) else {
      throw ValidationError("--replay-after wants seconds up to a day, such as 30s, not '\(replayAfter)'")
    }
    return seconds > 0 ? .seconds(seconds) : nil
  }
}
