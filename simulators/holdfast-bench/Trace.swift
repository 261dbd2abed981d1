import EnergyModel
import Foundation

/// The readings that `trace.py` prints: fixed and seeded, so that sizes can be compared.
struct Trace {
  /// The samples of each second.
  private(set) var seconds: [[Sample]] = []
  private(set) var values = 0

  static let start = Timestamp(milliseconds: 1_763_659_200_000)

  init(script: String, devices: Int, seconds: Int) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", script, "--devices", "\(devices)", "--seconds", "\(seconds)"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    guard let lines = fdopen(dup(output.fileHandleForReading.fileDescriptor), "r") else {
      throw BenchFailure(text: "no lines of \(script)")
    }
    defer { fclose(lines) }
    try read(lines)
    process.waitUntilExit()
    guard process.terminationStatus == 0, self.seconds.count == seconds else {
      throw BenchFailure(text: "\(script) printed \(self.seconds.count) seconds")
    }
  }

  /// Lines of `t_ms,device,point,value`; a device's points stand together.
  private mutating func read(_ lines: UnsafeMutablePointer<FILE>) throws {
    var buffer: UnsafeMutablePointer<CChar>?
    var capacity = 0
    defer { free(buffer) }
    // The heading.
    _ = getline(&buffer, &capacity, lines)
    var device = ""
    while true {
      let length = getline(&buffer, &capacity, lines)
      guard length > 1, let buffer else { return }
      let text = UnsafeRawBufferPointer(start: buffer, count: length - 1)
      let fields = text.split(separator: UInt8(ascii: ","))
      guard fields.count == 4, let time = Int64(Self.text(fields[0])), let value = Double(Self.text(fields[3])),
        let point = Self.point(Self.text(fields[2]))
      else { throw BenchFailure(text: "not a reading: \(Self.text(text[...]))") }
      let name = Self.text(fields[1])
      let second = Int((time - Self.start.milliseconds) / 1000)
      if second >= seconds.count { seconds.append([]) }
      if name != device || seconds[second].isEmpty {
        device = name
        let moment = Moment(
          wall: Timestamp(milliseconds: time), monotonic: MonotonicInstant(nanoseconds: Int64(second) * 1_000_000_000))
        seconds[second].append(Sample(device: DeviceID(name), measured: moment, readings: []))
      }
      seconds[second][seconds[second].count - 1].readings.append(Reading(point, value))
      values += 1
    }
  }

  private static func text(_ bytes: Slice<UnsafeRawBufferPointer>) -> String { String(decoding: bytes, as: UTF8.self) }

  private static func point(_ name: String) -> Point? { name == "status" ? .operatingState : Point(rawValue: name) }
}
