import EnergyModel

/// What is wrong with the text of a recording.
public struct RecordingProblem: Hashable, Sendable, CustomStringConvertible {
  /// Counted from 1.
  public var line: Int
  public var text: String

  public var description: String { "line \(line): \(text)" }
}

/// Everything that is wrong with it.
public struct RecordingProblems: Error, Hashable, Sendable, CustomStringConvertible {
  public var problems: [RecordingProblem]
  public var description: String { problems.map(\.description).joined(separator: "\n") }
}

extension RegisterRecording {
  /// Reads a recording's ``text``.
  public init(text: String) throws(RecordingProblems) {
    var parser = RecordingParser()
    for (index, line) in text.utf8.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      parser.number = index + 1
      parser.take(String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self))
    }
    guard let recording = parser.finish() else { throw RecordingProblems(problems: parser.problems) }
    self = recording
  }
}

private struct RecordingParser {
  var number = 0
  private(set) var problems: [RecordingProblem] = []
  private var hasTitle = false
  /// Another file: one complaint is enough.
  private var isForeign = false
  private var device: String?
  private var profile: String?
  private var unit: Int?
  private var began: Timestamp?
  private var samples: [RegisterRecording.Sample] = []
  /// Words that are still to come for the last read, and the line that promised them.
  private var missing = 0
  private var promise = 0
  /// A read was not understood: its words are not complained of.
  private var isLost = false

  mutating func take(_ line: String) {
    let words = line.split { $0 == " " || $0 == "\t" }
    guard let first = words.first, first.first != "#" else { return }
    guard hasTitle else { return title(words) }
    if isForeign { return }
    if first.last == ":" { return isLost ? () : registers(first.dropLast(), words.dropFirst()) }
    closeRead()
    switch first {
    case "device": device = name(words, known: device, of: line)
    case "profile": profile = name(words, known: profile, of: line)
    case "unit":
      if unit != nil { complain("the unit is said twice") }
      unit = integer(words, 1, in: 1...255)
      if unit == nil || words.count != 2 { complain("'unit' wants a number of 1 to 255") }
    case "began":
      if began != nil { complain("the beginning is said twice") }
      began = words.count == 2 ? RecordedTime.timestamp(words[1]) : nil
      if began == nil { complain("'began' wants a time such as 2026-11-28T03:40:00.123Z") }
    case "sample": sample(words)
    case "read":
      if let fault = read(words) { lose(fault) }
    default: complain("'\(first)' is nothing that a recording says")
    }
  }

  mutating func finish() -> RegisterRecording? {
    closeRead()
    if !hasTitle { number = 1 }
    if !hasTitle, problems.isEmpty { complain("the file does not begin with '\(RegisterRecording.title)'") }
    if hasTitle, problems.isEmpty {
      if unit == nil { complain("there is no 'unit'") }
      if began == nil { complain("there is no 'began'") }
    }
    guard problems.isEmpty, let unit, let began else { return nil }
    return RegisterRecording(device: device, profile: profile, unit: unit, began: began, samples: samples)
  }

  private mutating func complain(_ text: String, at line: Int? = nil) {
    problems.append(RecordingProblem(line: line ?? number, text: text))
  }

  private mutating func title(_ words: [Substring]) {
    hasTitle = true
    isForeign = words.joined(separator: " ") != RegisterRecording.title
    guard isForeign else { return }
    complain(
      words.first == "holdfast-registers"
        ? "a recording of version \(words.dropFirst().joined(separator: " ")); this one reads version 1"
        : "the file does not begin with '\(RegisterRecording.title)'")
  }

  private mutating func name(_ words: [Substring], known: String?, of line: String) -> String? {
    if known != nil { complain("'\(words[0])' is said twice") }
    guard words.count > 1 else {
      complain("'\(words[0])' wants a name")
      return known
    }
    let name = line[words[1].startIndex..<(words.last?.endIndex ?? line.endIndex)]
    // It would not be written the same.
    if name.utf8.contains(where: { $0 < 0x20 }) { complain("a control character is part of no name") }
    return String(name)
  }

  private func integer(_ words: [Substring], _ index: Int, in range: ClosedRange<Int>) -> Int? {
    guard words.indices.contains(index), words[index].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = Int(words[index]), range.contains(number)
    else { return nil }
    return number
  }

  private mutating func sample(_ words: [Substring]) {
    guard words.count == 2, let at = RecordedTime.duration(words[1]) else {
      return complain("'sample' wants seconds with at most three decimals")
    }
    if let before = samples.last, before.at >= at { complain("a sample comes later than the one before it") }
    samples.append(RegisterRecording.Sample(at: at))
  }

  /// The words that may follow are left out.
  private mutating func lose(_ text: String) {
    complain(text)
    (isLost, missing) = (true, 0)
  }

  /// `read SPACE ADDRESS COUNT at SECONDS [exception N | no answer]`; what is wrong with it.
  private mutating func read(_ words: [Substring]) -> String? {
    guard words.count >= 6, words[4] == "at" else {
      return "'read' wants SPACE ADDRESS COUNT at SECONDS, and 'exception N' or 'no answer' where there was none"
    }
    guard let space = RegisterSpace(rawValue: String(words[1])) else {
      return "'\(words[1])' is none of holding, input, coil, discrete"
    }
    guard let start = integer(words, 2, in: 0...65_535), let count = integer(words, 3, in: 1...space.mostInOneRead),
      start + count <= 65_536
    else { return "\(words[2]) \(words[3]) are no address and count; a read has at most \(space.mostInOneRead)" }
    guard let at = RecordedTime.duration(words[5]) else {
      return "'\(words[5])' is no number of seconds with at most three decimals"
    }
    if samples.isEmpty { return "a read comes after its 'sample'" }
    var read = RegisterRecording.Read(space: space, start: start, count: count, at: at, outcome: .silence)
    let rest = words[6...]
    if rest.isEmpty {
      read.outcome = .words([])
      (missing, promise) = (count, number)
    } else if rest.first == "exception", rest.count == 2 {
      guard let code = integer(words, 7, in: 1...255) else { return "'\(words[7])' is no exception code of 1 to 255" }
      read.outcome = .exception(UInt8(code))
    } else if rest.elementsEqual(["no", "answer"]) == false {
      return "'\(rest.joined(separator: " "))' is neither 'exception N' nor 'no answer'"
    }
    samples[samples.count - 1].reads.append(read)
    return nil
  }

  /// `ADDRESS: WORD …`
  private mutating func registers(_ address: Substring, _ words: ArraySlice<Substring>) {
    guard missing > 0, let last = samples.indices.last, let read = samples[last].reads.last,
      case .words(var found) = read.outcome
    else { return complain("these registers belong to no read") }
    let next = read.start + found.count
    guard integer([address], 0, in: 0...65_535) == next else {
      return lose("the next register of the read is \(next), not '\(address)'")
    }
    guard (1...missing).contains(words.count) else {
      return lose(
        words.isEmpty ? "there are no registers" : "\(words.count) registers where the read has \(missing) left")
    }
    for word in words {
      guard let number = Self.word(word, read.space) else {
        return lose("'\(word)' is no \(read.space.isOfBits ? "0 or 1" : "register of four hexadecimal digits")")
      }
      found.append(number)
    }
    missing -= words.count
    samples[last].reads[samples[last].reads.count - 1].outcome = .words(found)
  }

  /// Nil where it is none; nil inside where it was blanked out.
  private static func word(_ text: Substring, _ space: RegisterSpace) -> UInt16?? {
    if text == RegisterRecording.blank { return .some(nil) }
    if space.isOfBits { return text == "0" ? 0 : text == "1" ? 1 : nil }
    guard text.utf8.count == 4, text.utf8.allSatisfy({ $0 != 0x2B && $0 != 0x2D }) else { return nil }
    return UInt16(text, radix: 16).map { .some($0) }
  }

  private mutating func closeRead() {
    if missing > 0 { complain("\(missing) registers of the read are missing", at: promise) }
    (missing, isLost) = (0, false)
  }
}
