import EnergyDispatch
import EnergyModel
import Foundation
import Synchronization
import TestKit
import Testing

@testable import Gateway

struct OverrideFileTests {
  private final class Told: EventSink {
    let names = Mutex<[String]>([])
    func post(_ event: Event) { names.withLock { $0.append(event.name) } }
  }

  private let time = ManualTime()
  private let told = Told()
  private let folder: URL

  init() throws { folder = try TemporaryFolder.make("override") }

  private var path: URL { folder.appendingPathComponent(OwnersWord.fileName) }

  private func write(_ text: String) throws { try Data(text.utf8).write(to: path, options: .atomic) }

  /// Nothing · hold for an hour · charge instead · cleared
  @Test func theNewestWordHolds() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = OverrideFile(folder: folder.path, time: time, events: told)
    file.look()
    #expect(file.order(at: time.now()) == nil)
    let given = time.now().wall
    try write(OwnersWord(value: .hold, given: given, until: given + .seconds(3600)).text + "\n")
    file.look()
    #expect(file.order(at: time.now())?.value == .hold)
    time.advance(by: .seconds(3599))
    file.look()
    #expect(file.order(at: time.now())?.value == .hold)
    time.advance(by: .seconds(1))
    #expect(file.order(at: time.now()) == nil)
    try write(OwnersWord(value: .charge(3000), given: given, until: nil).text)
    file.look()
    #expect(file.order(at: time.now())?.value == .charge(3000))
    #expect(file.order(at: time.now())?.issuer == "the owner")
    try FileManager.default.removeItem(at: path)
    file.look()
    #expect(file.order(at: time.now()) == nil)
    #expect(told.names.withLock { $0 } == [])
  }

  /// Told once, and what held before is over: the owner meant something else.
  @Test(arguments: ["charge everything", String(repeating: "hold ", count: 10_000), "\0\u{FFFD}"])
  func rubbishIsToldOnce(text: String) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = OverrideFile(folder: folder.path, time: time, events: told)
    try write(OwnersWord(value: .hold, given: time.now().wall, until: nil).text)
    file.look()
    try write(text)
    file.look()
    file.look()
    #expect(file.order(at: time.now()) == nil)
    #expect(told.names.withLock { $0 } == ["override-unreadable"])
  }

  /// Nobody makes the agent read another file by a link, or wait for a pipe.
  @Test func onlyAFileCounts() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let other = folder.appendingPathComponent("other")
    try Data(OwnersWord(value: .hold, given: time.now().wall, until: nil).text.utf8).write(to: other)
    try FileManager.default.createSymbolicLink(at: path, withDestinationURL: other)
    let file = OverrideFile(folder: folder.path, time: time, events: told)
    file.look()
    #expect(file.order(at: time.now()) == nil)
    #expect(told.names.withLock { $0 } == ["override-unreadable"], "what cannot be read is told")
    try FileManager.default.removeItem(at: path)
    #expect(mkfifo(path.path, 0o600) == 0)
    file.look()
    #expect(file.order(at: time.now()) == nil)
  }

  /// 12:00 hold for two hours · 13:59 a power cut, the clock begins in 1970: it holds from the first cycle on, as nobody knows
  /// how late it is · 14:01 the clock is right: it is over.
  @Test func itsEndIsRightOnceTheClockIs() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let given = time.now().wall
    try write(OwnersWord(value: .hold, given: given, until: given + .seconds(7200)).text)
    time.advance(by: .seconds(7140))
    time.trustClock(false)
    time.stepWall(by: .milliseconds(-time.now().wall.milliseconds))
    let file = OverrideFile(folder: folder.path, time: time, events: told)
    #expect(file.order(at: time.now())?.value == .hold)
    time.advance(by: .seconds(120))
    file.look()
    #expect(file.order(at: time.now())?.value == .hold)
    time.stepWall(by: .milliseconds(given.milliseconds) + .seconds(7140))
    time.trustClock(true)
    file.look()
    #expect(file.order(at: time.now()) == nil)
  }
}
