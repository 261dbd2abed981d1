import DeviceProfile
import EnergyModel
import Testing

@Suite struct RecordingTextTests {
  private static let text = """
    holdfast-registers 1
    device cellar meter
    profile eastron-sdm630
    unit 7
    began 2026-11-28T03:40:00.123Z

    sample 0.000
    read input 0 10 at 0.012
      0: 4366 8000 0001 0002 0003 0004 0005 0006
      8: FFFF xxxx
    read coil 5 3 at 0.019
      5: 1 0 1
    read input 90 2 at 0.031 exception 2
    read holding 0 125 at 1.031 no answer

    sample 5.500
    read input 0 1 at 5.512
      0: 4367

    """

  private static var recording: RegisterRecording {
    RegisterRecording(
      device: "cellar meter", profile: "eastron-sdm630", unit: 7, began: Timestamp(milliseconds: 1_795_837_200_123),
      samples: [
        .init(
          at: .zero,
          reads: [
            .init(
              space: .input, start: 0, count: 10, at: .milliseconds(12),
              outcome: .words([0x4366, 0x8000, 1, 2, 3, 4, 5, 6, 0xFFFF, nil])),
            .init(space: .coil, start: 5, count: 3, at: .milliseconds(19), outcome: .words([1, 0, 1])),
            .init(space: .input, start: 90, count: 2, at: .milliseconds(31), outcome: .exception(2)),
            .init(space: .holding, start: 0, count: 125, at: .milliseconds(1031), outcome: .silence),
          ]),
        .init(
          at: .milliseconds(5500),
          reads: [.init(space: .input, start: 0, count: 1, at: .milliseconds(5512), outcome: .words([0x4367]))]),
      ])
  }

  @Test func isWrittenAndReadAsItStands() throws {
    #expect(Self.recording.text == Self.text)
    #expect(try RegisterRecording(text: Self.text) == Self.recording)
  }

  @Test func commentsSpacesAndLineEndsOfOtherSystemsSayNothing() throws {
    let text =
      "# of my cellar\r\n\r\n" + Self.text.replacing("\n", with: " \r\n").replacing("read ", with: "\t read   ")
      + "# end"
    #expect(try RegisterRecording(text: text) == Self.recording)
  }

  /// Found by the fuzzer: such a name was written without it, and so was another one.
  @Test func aControlCharacterIsPartOfNoName() throws {
    #expect(throws: RecordingProblems.self) {
      try RegisterRecording(text: Self.text.replacing("sdm630", with: "sdm630\u{1}"))
    }
  }

  @Test func aNameStaysOnItsLine() throws {
    var recording = Self.recording
    recording.device = "a\nunit 9"
    #expect(try RegisterRecording(text: recording.text).device == "a unit 9")
  }

  @Test func everyProblemIsSaidWithItsLine() throws {
    let problems = [
      ("began 2026-02-30T03:40:00.123Z", "'began' wants a time such as 2026-11-28T03:40:00.123Z"),
      ("unit 0", "'unit' wants a number of 1 to 255"),
      ("unit 3", ""),
      ("unit 4", "the unit is said twice"),
      ("read input 0 1 at 0 no answer", "a read comes after its 'sample'"),
      ("sample 0.0001", "'sample' wants seconds with at most three decimals"),
      ("sample 2", ""),
      ("sample 2.000", "a sample comes later than the one before it"),
      ("read ram 0 1 at 0", "'ram' is none of holding, input, coil, discrete"),
      ("0: FFFF", ""),
      ("read input 65535 2 at 0", "65535 2 are no address and count; a read has at most 125"),
      ("read coil 0 2001 at 0", "0 2001 are no address and count; a read has at most 2000"),
      ("read input 0 1 at -1", "'-1' is no number of seconds with at most three decimals"),
      ("read input 0 1 at 0 exception 0", "'0' is no exception code of 1 to 255"),
      ("read input 0 1 at 0 perhaps", "'perhaps' is neither 'exception N' nor 'no answer'"),
      (
        "read input 0 1 0",
        "'read' wants SPACE ADDRESS COUNT at SECONDS, and 'exception N' or 'no answer' where there was none"
      ),
      ("read input 4 3 at 0", "1 registers of the read are missing"),
      ("4: 0001 0002", ""),
      ("read input 4 3 at 0", ""),
      ("5: 0001", "the next register of the read is 4, not '5'"),
      ("read input 4 3 at 0", ""),
      ("4: 0001 0002 0003 0004", "4 registers where the read has 3 left"),
      ("read input 4 1 at 0", ""),
      ("4: +FFF", "'+FFF' is no register of four hexadecimal digits"),
      ("read coil 4 1 at 0", ""),
      ("4: 0001", "'0001' is no 0 or 1"),
      ("read input 4 1 at 0", ""),
      ("4: 0001", ""),
      ("5: 0001", "these registers belong to no read"),
      ("device", "'device' wants a name"),
      ("weather fine", "'weather' is nothing that a recording says"),
      ("read input 9 1 at 0", "1 registers of the read are missing"),
    ]
    let text = "holdfast-registers 1\n" + problems.map(\.0).joined(separator: "\n")
    let expected = problems.enumerated().compactMap { index, problem in
      problem.1.isEmpty ? nil : "line \(index + 2): \(problem.1)"
    }
    do throws(RecordingProblems) {
      _ = try RegisterRecording(text: text)
      Issue.record("was read")
    } catch {
      #expect(error.problems.sorted { $0.line < $1.line }.map(\.description) == expected)
    }
  }

  @Test func anotherFileIsRefusedInOneLine() {
    for (text, problem) in [
      ("", "line 1: the file does not begin with 'holdfast-registers 1'"),
      ("\u{0}\u{1}binary\nread me\nfoo", "line 1: the file does not begin with 'holdfast-registers 1'"),
      ("holdfast-registers 2\nunit 1", "line 1: a recording of version 2; this one reads version 1"),
      ("holdfast-registers 1\nunit 1", "line 2: there is no 'began'"),
    ] {
      #expect { _ = try RegisterRecording(text: text) } throws: { error in
        (error as? RecordingProblems)?.problems.map(\.description) == [problem]
      }
    }
  }

  @Test func wordsAreBlankedWhereverTheyStand() {
    var recording = Self.recording
    let counts = [
      recording.redact(.input, 0..<2), recording.redact(.input, 0..<10), recording.redact(.holding, 0..<125),
    ]
    #expect(counts == [3, 7, 0])
    #expect(recording.text.contains("0: xxxx xxxx xxxx xxxx xxxx xxxx xxxx xxxx"))
    #expect(!recording.text.contains("4367"))
  }
}
