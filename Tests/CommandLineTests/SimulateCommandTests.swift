import Foundation
import TestKit
import Testing

/// `holdfast simulate`, as a person or a script calls it.
@Suite(.serialized) struct SimulateCommandTests {
  private static let site = """
    site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40}
    buses: {board: {modbus_tcp: 127.0.0.1}}
    devices:
      grid-meter: {profile: eastron-sdm630, bus: board, unit: 1, measures: grid}
    journal: {budget: 200 MB}
    """

  /// In a folder with the site and a file of demand: 1 kW for three half hours of a summer's night.
  private static func run(_ arguments: String...) throws -> (answer: Holdfast.Answer, plot: String?) {
    let folder = try TemporaryFolder.make("simulate")
    defer { try? FileManager.default.removeItem(at: folder) }
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    try site.write(toFile: path("site.yaml"), atomically: true, encoding: .utf8)
    let demand = "time,consumption_kw\n2011-07-01 00:00:00,1\n2011-07-01 00:30:00,1\n2011-07-01 01:00:00,1\n"
    try demand.write(toFile: path("demand.csv"), atomically: true, encoding: .utf8)
    try Data([0xff, 0xfe, 0x00, 0x41]).write(to: URL(fileURLWithPath: path("noise.csv")))
    let words = arguments.map { $0.replacing("@", with: folder.path + "/") }
    let answer = try Holdfast.run(["simulate", path("site.yaml"), "--profiles", Holdfast.profiles] + words)
    return (answer, try? String(contentsOfFile: path("plot.svg"), encoding: .utf8))
  }

  @Test func aDayIsToldAndDrawn() throws {
    let (answer, plot) = try Self.run("--days", "1", "--data", "@demand.csv", "--versus", "none", "--plot", "@plot.svg")
    #expect(answer.code == 0 && answer.errors.isEmpty)
    #expect(answer.lines.first?.split(separator: " ") == ["site", "none"])
    #expect(answer.lines.contains { $0.split(separator: " ") == ["consumption", "kWh", "24", "24"] })
    // The axis has the site's time, and so has the title.
    #expect(plot?.contains(">site, 1 day from 2011-07-01</text>") == true)
  }

  @Test(arguments: [
    ("@missing.csv", Int32(66), "missing.csv: cannot be read"), ("@", 66, "cannot be read"),
    ("@noise.csv", 65, "noise.csv: line 1: "),
  ])
  func filesThatAreNoneAreToldInWords(file: String, code: Int32, text: String) throws {
    let (answer, _) = try Self.run("--days", "1", "--data", file)
    #expect(answer.code == code)
    #expect(answer.errors.contains(text) && !answer.errors.contains("NSCocoa"))
    #expect(answer.output.isEmpty)
  }

  /// Nobody waits for a month of days to hear that the folder does not exist.
  @Test func aPlotThatCannotBeWrittenIsToldBeforehand() throws {
    let (answer, _) = try Self.run("--days", "1", "--plot", "@nowhere/plot.svg")
    #expect(answer.code == 73)
    #expect(answer.errors.contains("cannot write") && answer.errors.contains("nowhere/plot.svg"))
    #expect(answer.output.isEmpty)
  }

  @Test(arguments: ["0", "9223372036854775807"])
  func daysThatNobodyMeansAreRefused(days: String) throws {
    let (answer, _) = try Self.run("--days", days)
    #expect(answer.code == 64)
    #expect(answer.errors.contains("--days: \(days) is not 1 to 36500"))
  }
}
