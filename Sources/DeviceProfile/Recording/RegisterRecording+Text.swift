import EnergyModel

/// The text of a recording, a line for each thing, which a person can read and compare:
///
///     holdfast-registers 1
///     device meter
///     profile eastron-sdm630
///     unit 1
///     began 2026-11-28T03:40:00.123Z
///
///     sample 0.000
///     read input 0 4 at 0.012
///       0: 4366 8000 4366 199A
///     read input 90 2 at 0.031 exception 2
///     read input 92 2 at 1.031 no answer
///
/// Registers are hexadecimal and coils 0 or 1, `xxxx` is a word that was blanked out; addresses and counts are decimal, times
/// are seconds since `began`. Empty lines and what follows `#` at the beginning of a line say nothing.
extension RegisterRecording {
  static let title = "holdfast-registers 1"
  static let wordsInLine = 8
  static let blank = "xxxx"

  public var text: String { heading + samples.map(\.text).joined() }

  /// What comes before the first sample.
  public var heading: String {
    var lines = [Self.title]
    // A name is one line, whatever it holds.
    if let device { lines.append("device \(Self.oneLine(device))") }
    if let profile { lines.append("profile \(Self.oneLine(profile))") }
    lines.append("unit \(unit)")
    lines.append("began \(RecordedTime.text(began))")
    return lines.joined(separator: "\n") + "\n"
  }

  private static func oneLine(_ name: String) -> String {
    String(decoding: name.utf8.map { $0 < 0x20 ? 0x20 : $0 }, as: UTF8.self)
  }

  fileprivate static func write(_ read: Read, to lines: inout [String]) {
    let head = "read \(read.space.rawValue) \(read.start) \(read.count) at \(RecordedTime.text(read.at))"
    switch read.outcome {
    case .exception(let code): lines.append("\(head) exception \(code)")
    case .silence: lines.append("\(head) no answer")
    case .words(let words):
      lines.append(head)
      for first in stride(from: 0, to: words.count, by: wordsInLine) {
        let part = words[first..<min(first + wordsInLine, words.count)]
        let texts = part.map { word in word.map { text($0, read.space) } ?? blank }
        lines.append("  \(read.start + first): \(texts.joined(separator: " "))")
      }
    }
  }

  private static func text(_ word: UInt16, _ space: RegisterSpace) -> String {
    if space.isOfBits { return String(word) }
    let digits = String(word, radix: 16, uppercase: true)
    return String(repeating: "0", count: 4 - digits.count) + digits
  }
}

extension RegisterRecording.Sample {
  /// As it stands in a recording, an empty line first.
  public var text: String {
    var lines = ["", "sample \(RecordedTime.text(at))"]
    for read in reads { RegisterRecording.write(read, to: &lines) }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension RegisterSpace {
  /// Coils and discrete inputs.
  var isOfBits: Bool { self == .coil || self == .discrete }

  /// Modbus Application Protocol 1.1b3, sections 6.1 to 6.4.
  var mostInOneRead: Int { isOfBits ? 2000 : 125 }
}

/// Times as a recording writes them, to the millisecond.
enum RecordedTime {
  /// The years 1970 to 9999.
  static let range = 0...Int64(253_402_300_799_999)
  /// A recording of more than 30 years is none.
  static let longest: Int64 = 1_000_000_000_000

  /// Seconds with three decimals.
  static func text(_ duration: Duration) -> String {
    let milliseconds = max(0, duration.milliseconds)
    return "\(milliseconds / 1000).\(padded(milliseconds % 1000, 3))"
  }

  /// Nil where it is no number of seconds with at most three decimals.
  static func duration(_ text: some StringProtocol) -> Duration? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = number(parts[0], 1...9) else { return nil }
    guard parts.count == 2 else { return .seconds(whole) }
    guard let fraction = number(parts[1], 1...3) else { return nil }
    let milliseconds = whole * 1000 + fraction * [100, 10, 1][parts[1].utf8.count - 1]
    return milliseconds <= longest ? .milliseconds(milliseconds) : nil
  }

  static func text(_ time: Timestamp) -> String {
    let milliseconds = min(max(time.milliseconds, range.lowerBound), range.upperBound)
    let (days, rest) = (Int(milliseconds / 86_400_000), milliseconds % 86_400_000)
    let date = CivilDate(daysSince1970: days)
    let day = "\(padded(Int64(date.year), 4))-\(padded(Int64(date.month), 2))-\(padded(Int64(date.day), 2))"
    let clock = "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1000 % 60, 2))"
    return "\(day)T\(clock).\(padded(rest % 1000, 3))Z"
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }

  /// Nil where it is not written like `2026-11-28T03:40:00.123Z`.
  static func timestamp(_ text: some StringProtocol) -> Timestamp? {
    let bytes = Array(text.utf8)
    let form = Array("0000-00-00T00:00:00.000Z".utf8)
    guard bytes.count == form.count else { return nil }
    for (byte, wanted) in zip(bytes, form) {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      guard wanted == UInt8(ascii: "0") ? isDigit : byte == wanted else { return nil }
    }
    func number(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) } }
    let date = CivilDate(year: number(0..<4), month: number(5..<7), day: number(8..<10))
    let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
    guard date.year >= 1970, (1...12).contains(date.month), date.exists, hour < 24, minute < 60, second < 60 else {
      return nil
    }
    let seconds = Int64(date.daysSince1970) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    return Timestamp(milliseconds: seconds * 1000 + Int64(number(20..<23)))
  }

  /// Digits alone, so many.
  private static func number(_ text: some StringProtocol, _ digits: ClosedRange<Int>) -> Int64? {
    guard digits.contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int64(text)
  }
}
