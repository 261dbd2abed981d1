import EnergyDispatch
import EnergyModel
import Foundation
import TestKit
import Testing

/// `holdfast override`, as the owner calls it.
@Suite(.serialized) struct OverrideCommandTests {
  private func override(_ arguments: [String], in folder: URL) throws -> Holdfast.Answer {
    try Holdfast.run(["override"] + arguments + ["--state", folder.path], environment: ["TZ": "Europe/Berlin"])
  }

  private func word(in folder: URL) throws -> OwnersWord? {
    OwnersWord(text: try String(contentsOf: folder.appendingPathComponent(OwnersWord.fileName), encoding: .utf8))
  }

  @Test func theWordIsLeftAndTakenBack() throws {
    let folder = try TemporaryFolder.make("override")
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try override(["charge", "3kW", "--for", "2h"], in: folder).code == 0)
    let charge = try #require(try word(in: folder))
    #expect(charge.value == .charge(3000))
    #expect(charge.until == charge.given + .seconds(7200))
    #expect(try override(["discharge", "850 W"], in: folder).code == 0)
    #expect(try word(in: folder)?.value == .discharge(850))
    #expect(try word(in: folder)?.until == nil)
    let held = try override(["hold", "--until", "18:00"], in: folder)
    #expect(held.output.hasPrefix("The batteries are to hold until "))
    let until = try #require(try word(in: folder)?.until)
    #expect([16, 17].contains(until.milliseconds / 3_600_000 % 24), "18:00 in Berlin")
    #expect(until.milliseconds % 3_600_000 == 0)
    #expect(try override(["clear"], in: folder).output == "The batteries go by the plan again.\n")
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent(OwnersWord.fileName).path))
    #expect(try override(["clear"], in: folder).code == 0)
  }

  @Test(arguments: [
    ["charge"], ["charge", "3"], ["charge", "3kWh"], ["charge", "0 W"], ["stop"], ["hold", "3kW"],
    ["hold", "--for", "2"], ["hold", "--until", "25:00"], ["hold", "--until", "-2h"], ["clear", "--for", "2h"],
    ["hold", "--for", "2h", "--until", "18:00"], ["hold", "--for", "60d"], ["hold", "--until", "2020-01-01"],
  ])
  func whatMakesNoSenseIsRefused(arguments: [String]) throws {
    let folder = try TemporaryFolder.make("override")
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(try override(arguments, in: folder).code == 64)
    #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent(OwnersWord.fileName).path))
  }

  @Test func aFolderThatIsNotThere() throws {
    let answer = try override(["hold"], in: URL(fileURLWithPath: "/nonexistent"))
    #expect(answer.code == 73)
    #expect(answer.errors.contains("cannot write /nonexistent/override"))
  }
}
