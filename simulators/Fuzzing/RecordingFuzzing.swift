import DeviceProfile

/// The parser of recordings.
enum RecordingFuzzing {
  /// What it takes says the same when it is written again, and what it does not take has a line.
  static func feed(_ bytes: [UInt8]) throws(FuzzFinding) {
    let text = String(decoding: bytes, as: UTF8.self)
    let recording: RegisterRecording
    do {
      recording = try RegisterRecording(text: text)
    } catch {
      return try FuzzFinding.require(
        !error.problems.isEmpty && error.problems.allSatisfy { $0.line >= 0 && !$0.text.isEmpty },
        "a recording is refused without a reason")
    }
    let again = try? RegisterRecording(text: recording.text)
    try FuzzFinding.require(again == recording, "a recording is another one when it was written")
  }
}
