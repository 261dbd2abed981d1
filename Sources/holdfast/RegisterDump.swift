import ArgumentParser
import DeviceProfile
import EnergyModel
import Foundation
import ModbusDevices
import SiteConfig
import Threads

/// One recording while it is made. Each sample is written when it is complete, so that nothing is lost when somebody ends it.
struct RegisterDump {
  let source: DumpSource
  var recorder: RegisterRecorder
  let redacts: Bool
  var output: DumpOutput

  private struct Tally {
    var words = 0
    var refused = 0
    var silent = 0
    var blanked = 0
  }

  mutating func run(count: Int, every: Duration) throws {
    let rules = source.profile?.reading ?? ReadingRules()
    let probe = RegisterProbe(source.endpoint, connectDelay: source.profile?.connection.connectDelay ?? .zero)
    do { try probe.connect() } catch {
      complain("holdfast: \(error)")
      throw ExitCode(69)
    }
    let begin = MonotonicInstant.current
    let heading = RegisterRecording(
      device: source.name, profile: source.profile?.name, unit: source.unit,
      began: SystemTime(trust: .declared).now().wall)
    try output.write(heading.heading)
    var tally = Tally()
    var lastFailure: ProbeFailure?
    for number in 0..<count {
      sleep(until: begin + every * number)
      let sample = recorder.sample(now: { .current - begin }) { block in
        do throws(ProbeFailure) {
          let words = try probe.read(block, unit: source.unit, timeout: rules.timeout, pause: rules.pause)
          return .words(words.map(Optional.init))
        } catch {
          if let code = error.exception { return .exception(code) }
          lastFailure = error
          return .silence
        }
      }
      try output.write(finished(sample, heading, &tally).text)
      if recorder.isSilent { break }
    }
    try report(tally, lastFailure)
  }

  private func finished(
    _ sample: RegisterRecording.Sample, _ heading: RegisterRecording, _ tally: inout Tally
  ) -> RegisterRecording.Sample {
    var one = heading
    one.samples = [sample]
    if redacts {
      for place in recorder.serialNumbers { tally.blanked += one.redact(place.space, place.registers) }
    }
    for read in sample.reads {
      switch read.outcome {
      case .words(let words): tally.words += words.count
      case .exception: tally.refused += 1
      case .silence: tally.silent += 1
      }
    }
    return one.samples[0]
  }

  private func report(_ tally: Tally, _ failure: ProbeFailure?) throws {
    complain(
      "holdfast: recorded \(tally.words) registers; \(tally.refused) requests were refused, \(tally.silent) not answered"
    )
    if redacts {
      let places = Set(
        recorder.serialNumbers.map { "\($0.space.rawValue) \($0.registers.lowerBound)…\($0.registers.upperBound - 1)" })
      complain(
        tally.blanked > 0
          ? "holdfast: blanked the serial number at \(places.sorted().joined(separator: ", "))"
          : "holdfast: nothing was blanked: no serial number was read")
    }
    if let problem = recorder.chainFailure { complain("holdfast: \(problem)") }
    guard recorder.isSilent else {
      if recorder.chainFailure != nil { throw ExitCode(65) }
      return
    }
    complain("holdfast: the device fell silent and was not asked on\(failure.map { ": \($0)" } ?? "")")
    throw ExitCode(69)
  }

  private func sleep(until instant: MonotonicInstant) {
    let remaining = (instant - .current).seconds
    if remaining > 0 { Thread.sleep(forTimeInterval: remaining) }
  }
}

/// Standard output, or a file that appears under its name at once.
struct DumpOutput {
  private let handle: FileHandle
  private let name: String

  init(_ file: String?) throws {
    guard let file else {
      ProcessLimits.ignoreBrokenPipes()
      (handle, name) = (.standardOutput, "standard output")
      return
    }
    guard FileManager.default.createFile(atPath: file, contents: nil), let handle = FileHandle(forWritingAtPath: file)
    else {
      complain("holdfast: cannot write \(file)")
      throw ExitCode(73)
    }
    (self.handle, name) = (handle, file)
  }

  mutating func write(_ text: String) throws {
    do { try handle.write(contentsOf: Data(text.utf8)) } catch {
      complain("holdfast: \(name): \(error.localizedDescription)")
      throw ExitCode(74)
    }
  }
}
