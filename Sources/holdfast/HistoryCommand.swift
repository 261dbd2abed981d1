public import ArgumentParser
import EnergyModel
public import Journal
import SiteConfig

struct HistoryCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history",
    abstract: "Prints mean, minimum and maximum of a point per minute or quarter hour.",
    discussion: """
      CSV has the columns time,mean,min,max,count,partial; JSON is one object a line. An interval is named by its
      beginning in UTC; without a good reading it has no line. `count` says how many readings there were;
      `partial` that the agent did not run during all of it. For counters, states and settings `mean` is the last
      reading. The default is the last 24 hours. A local time that exists twice is the first of the two.

      Ends with 65 when a row cannot be read; the others are printed.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case csv, json }

  @Argument(help: ArgumentHelp("What to print, such as grid-meter/power_w.", valueName: "DEVICE/POINT"))
  var subject: String

  @OptionGroup var span: TimeSpanOptions

  @Option(help: "The length of an interval: minute or quarter.")
  var resolution = JournalReader.Resolution.minute

  @Option(help: "csv or json (one object a line).")
  var format = Format.csv

  @OptionGroup var state: StateOptions

  func run() throws {
    let reader = try state.reader()
    let (device, point) = try parsed(reader)
    let (from, to) = try span.resolved(orBefore: .seconds(86_400))
    var output = StandardOutput()
    if format == .csv { try output.line("time,mean,min,max,count,partial") }
    var next: Timestamp? = from
    var isEmpty = true
    var unreadable = 0
    while let start = next {
      let page = try reader.history(point, of: device, resolution, from: start, to: to)
      unreadable += page.unreadable.count
      for time in page.unreadable { complain("holdfast: the row of \(time.text()) cannot be read") }
      for value in page.values { try output.line(line(value, device, point)) }
      isEmpty = isEmpty && page.values.isEmpty
      next = page.next
    }
    try output.flush()
    guard unreadable == 0 else {
      complain("holdfast: \(unreadable) rows cannot be read: what they held is missing here")
      throw ExitCode(65)
    }
    if isEmpty { complain("holdfast: no history of \(subject) from \(from.text()) to \(to.text())") }
  }

  private func parsed(_ reader: JournalReader) throws -> (DeviceID, Point) {
    guard let slash = subject.lastIndex(of: "/"), slash != subject.startIndex else {
      throw ValidationError("\(subject) is not DEVICE/POINT, such as grid-meter/power_w")
    }
    let name = String(subject[subject.index(after: slash)...])
    guard let point = Point(rawValue: name) else {
      let hint = NearestName.hint(name, among: Point.allCases.map(\.rawValue))
      throw ValidationError("no point is called \(name)\(hint)")
    }
    let device = DeviceID(String(subject[..<slash]))
    let known = try reader.devices()
    guard let points = known[device] else {
      let names = known.keys.map(\.name).sorted()
      let hint = NearestName.hint(device.name, among: names)
      throw ValidationError(
        "no device is called \(device)\(hint); known: \(names.isEmpty ? "none" : names.joined(separator: ", "))")
    }
    guard points.contains(point) else {
      let names = points.map(\.rawValue).sorted().joined(separator: ", ")
      throw ValidationError("\(device) does not tell \(name); it tells \(names)")
    }
    return (device, point)
  }

  private func line(_ value: JournalReader.HistoryValue, _ device: DeviceID, _ point: Point) -> String {
    let decimals = point.decimals + (point.summary == .mean ? 1 : 0)
    switch format {
    case .csv:
      return [
        value.time.text(), JSONText.decimal(value.mean, decimals), JSONText.decimal(value.low, point.decimals),
        JSONText.decimal(value.high, point.decimals), "\(value.count)", "\(value.isPartial)",
      ].joined(separator: ",")
    case .json:
      var json = JSONText()
      json.object { json in
        json.member("time", value.time.text())
        json.member("device", device.name)
        json.member("point", point.rawValue)
        json.member("mean", value.mean, decimals: decimals)
        json.member("min", value.low, decimals: point.decimals)
        json.member("max", value.high, decimals: point.decimals)
        json.member("count", value.count)
        json.member("partial", value.isPartial)
      }
      return json.text
    }
  }
}

extension JournalReader.Resolution: ExpressibleByArgument {}
