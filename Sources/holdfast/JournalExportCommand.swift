import ArgumentParser
import EnergyModel
import Journal
import Uplink

struct JournalExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Writes the records of a log, or of all, to standard output.",
    discussion: """
      jsonl: one line {"log","epoch"} before the records of each log, then one record a line as it is sent. Thinned
      records have no seq; the line before them says "thinned" and the range they stand for.
      csv: the columns epoch,seq,time,device,point,value,quality,span_ms, one value a line; telemetry only.
      """)

  enum Format: String, ExpressibleByArgument, CaseIterable { case jsonl, csv }

  @Option(name: .customLong("log"), help: "A log by its name or epoch. Default: all.")
  var wanted: String?

  @OptionGroup var span: TimeSpanOptions

  @Option(help: "jsonl or csv.")
  var format = Format.jsonl

  @OptionGroup var state: StateOptions

  func run() throws {
    let reader = try state.reader()
    let logs = try chosen(reader.logs())
    // Without --to nothing is cut off at the end: a clock that was set back has left records of the future.
    let (from, to) = try span.given()
    var output = StandardOutput()
    var unreadable = 0
    if format == .csv { try output.line("epoch,seq,time,device,point,value,quality,span_ms") }
    for log in logs {
      if format == .jsonl { try output.line(header(log)) }
      var next: UInt64? = 1
      while let start = next {
        let page = try reader.segments(of: log, from: start, since: from, until: to)
        for segment in page.segments {
          do {
            let segment = try segment.decoded()
            let records = segment.records.filter { $0.time >= from ?? $0.time && to.map($0.time.isBefore) ?? true }
            try write(records, of: segment, log, to: &output)
          } catch let error where !(error is ExitCode) {
            complain("holdfast: \(log.name) \(log.epoch) \(segment.range.first) to \(segment.range.last): \(error)")
            unreadable += 1
          }
        }
        next = page.next
      }
    }
    try output.flush()
    if unreadable > 0 { throw ExitCode(1) }
  }

  private func chosen(_ logs: [JournalReader.Log]) throws -> [JournalReader.Log] {
    guard let wanted else { return format == .csv ? logs.filter { $0.kind == .telemetry } : logs }
    let chosen = logs.filter { $0.name == wanted || $0.epoch.description == wanted }
    guard !chosen.isEmpty else {
      let known = logs.map { "\($0.name) \($0.epoch)" }.joined(separator: ", ")
      throw ValidationError("--log: no log is called \(wanted); there are \(known)")
    }
    guard format == .jsonl || chosen.allSatisfy({ $0.kind == .telemetry }) else {
      throw ValidationError("--log \(wanted): entries of the event log have no columns; use --format jsonl")
    }
    return chosen
  }

  private func header(_ log: JournalReader.Log, thinned: SequenceRange? = nil) -> String {
    var json = JSONText()
    json.object { json in
      json.member("log", log.name)
      json.member("epoch", log.epoch.description)
      if let thinned {
        json.member("first", thinned.first)
        json.member("last", thinned.last)
        json.member("thinned", true)
      }
    }
    return json.text
  }

  private func write(
    _ records: [Record], of segment: Segment, _ log: JournalReader.Log, to output: inout StandardOutput
  ) throws {
    if format == .jsonl && segment.isThinned && !records.isEmpty {
      try output.line(header(log, thinned: segment.range))
    }
    for record in records {
      switch format {
      case .jsonl:
        var json = JSONText()
        RecordText.write(record, &json)
        try output.line(json.text)
      case .csv:
        for line in lines(record, segment) { try output.line(line) }
      }
    }
  }

  private func lines(_ record: Record, _ segment: Segment) -> [String] {
    guard case .sample(let sample) = record.body else { return [] }
    let before = [
      segment.epoch.description, record.seq.map(String.init) ?? "", record.time.text(withMilliseconds: true),
      csvField(sample.device.name),
    ]
    let span = sample.span.map { String($0.milliseconds) } ?? ""
    return sample.readings.map { reading in
      let value = reading.value.map { JSONText.decimal($0, reading.point.decimals) } ?? ""
      return (before + [reading.point.rawValue, value, reading.quality.rawValue, span]).joined(separator: ",")
    }
  }
}

extension Timestamp {
  fileprivate func isBefore(_ end: Timestamp) -> Bool { self < end }
}
