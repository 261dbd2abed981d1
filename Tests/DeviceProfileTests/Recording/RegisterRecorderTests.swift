import DeviceProfile
import EnergyModel
import Testing

/// A device that is asked block by block.
private struct AskedDevice {
  var registers: Set<Int>
  var silent: Set<Int> = []
  /// Most registers in one request.
  var limit = 125
  private(set) var questions: [ReadBlock] = []

  init(_ registers: some Sequence<Int>) { self.registers = Set(registers) }

  mutating func answer(_ block: ReadBlock) -> RegisterRecording.Outcome {
    questions.append(block)
    let asked = block.start..<block.start + block.count
    guard block.space == .input else { return .exception(1) }
    if asked.contains(where: silent.contains) { return .silence }
    if block.count > limit { return .exception(3) }
    return asked.allSatisfy(registers.contains) ? .words(asked.map { UInt16($0) }) : .exception(2)
  }
}

@Suite struct RegisterRecorderTests {
  private func record(
    _ device: inout AskedDevice, _ recorder: inout RegisterRecorder
  ) -> [String] {
    let sample = recorder.sample(now: { .microseconds(1500) }) { device.answer($0) }
    #expect(sample.at == .milliseconds(1))
    return sample.reads.map { read in
      let what =
        switch read.outcome {
        case .words(let words):
          words == (read.start..<read.start + read.count).map { UInt16($0) } ? "words" : "other words"
        case .exception(let code): "exception \(code)"
        case .silence: "silence"
        }
      return "\(read.space.rawValue) \(read.start)+\(read.count) \(what)"
    }
  }

  private func range(_ text: String) throws -> RegisterRange { try #require(RegisterRange(text)) }

  @Test func rangesAreReadInPiecesAndHolesFound() throws {
    var device = AskedDevice(Array(0..<100) + Array(103..<140))
    var recorder = RegisterRecorder(profile: nil, ranges: [try range("input:0-150"), try range("holding:7")])
    let reads = record(&device, &recorder)
    // Every register is either read or known to be refused, once.
    var known: [Int: String] = [:]
    for read in reads.dropLast() {
      let parts = read.split { " +".contains($0) }
      for address in Int(parts[1])!..<Int(parts[1])! + Int(parts[2])! {
        #expect(known.updateValue(parts[3...].joined(separator: " "), forKey: address) == nil)
      }
    }
    for address in 0...150 {
      #expect(known[address] == (device.registers.contains(address) ? "words" : "exception 2"), "\(address)")
    }
    #expect(reads.last == "holding 7+1 exception 1")
    // Neighbours that were refused alike are one line, and the next sample asks for the pieces at once.
    #expect(reads.contains("input 100+3 exception 2"))
    let before = device.questions.count
    let again = record(&device, &recorder)
    #expect(again == reads)
    #expect(device.questions.count - before == reads.count)
  }

  @Test func aRequestThatIsTooLongIsCut() throws {
    var device = AskedDevice(0..<80)
    device.limit = 32
    var recorder = RegisterRecorder(profile: nil, ranges: [try range("input:0-79")])
    let reads = record(&device, &recorder)
    #expect(reads == ["input 0+20 words", "input 20+20 words", "input 40+20 words", "input 60+20 words"])
  }

  @Test func noFieldOfTheProfileIsSplit() {
    let points = [
      PointDefinition(.power, [.init(Profiles.input(0))]), PointDefinition(.voltageL1, [.init(Profiles.input(2))]),
      PointDefinition(.voltageL2, [.init(Profiles.input(4))]),
    ]
    var device = AskedDevice([0, 1, 2, 4, 5])
    var recorder = RegisterRecorder(profile: Profiles.plain(points))
    let reads = record(&device, &recorder)
    #expect(reads == ["input 0+2 words", "input 2+2 exception 2", "input 4+2 words"])
    #expect(device.questions.allSatisfy { $0.count % 2 == 0 })
  }

  @Test func aDeviceThatNeverAnswersIsLeft() throws {
    var device = AskedDevice([])
    device.silent = Set(0...65_535)
    var recorder = RegisterRecorder(profile: nil, ranges: [try range("input:0-65535")])
    let reads = record(&device, &recorder)
    #expect(reads.count == 3)
    #expect(recorder.isSilent)
  }

  @Test func aSilenceIsRecordedAndTheRestIsAsked() throws {
    var device = AskedDevice(0..<500)
    device.silent = [130]
    var recorder = RegisterRecorder(profile: nil, ranges: [try range("input:0-499")])
    let reads = record(&device, &recorder)
    #expect(
      reads == [
        "input 0+125 words", "input 125+125 silence", "input 250+125 words", "input 375+125 words",
      ])
    #expect(!recorder.isSilent)
  }

  @Test func aChainIsRecordedWholeWhateverTheProfileKnows() throws {
    let device = SunSpecDevice(at: 0, models: [(1, 66), (103, 50), (64_001, 300)])
    var recorder = RegisterRecorder(profile: nil)
    let sample = recorder.sample(now: { .zero }) { block in
      switch block.space == .holding ? device.answer(block.start, block.count) : .exception {
      case .registers(let words): .words(words.map(Optional.init))
      case .exception: .exception(2)
      case .silence: .silence
      }
    }
    #expect(recorder.map?.models.map(\.id) == [1, 103, 64_001])
    #expect(sample.reads.map(\.start) == [0, 2, 70, 122, 247, 372, 424])
    #expect(sample.reads.allSatisfy { if case .words = $0.outcome { true } else { false } })
    #expect(recorder.serialNumbers.map(\.registers) == [52..<68])
    let known = RecordedRegisters(sample)
    for address in 0..<426 { #expect(known[.holding, address] == .word(device.registers[address])) }
  }

  @Test func whereThereIsNoChainTheSearchIsWhatIsRecorded() {
    var recorder = RegisterRecorder(profile: nil)
    let sample = recorder.sample(now: { .zero }) { _ in .exception(2) }
    #expect(sample.reads.map(\.start) == [40_000, 0, 50_000])
    #expect(recorder.chainFailure == .noMarker)
  }

  @Test func rangesAreRefusedWhereTheyAreNone() {
    for text in ["", "input", "input:", "ram:1", "input:5-4", "input:0-65536", "input:-1", "input:1-2-3", "input:1:2"] {
      #expect(RegisterRange(text) == nil, "\(text)")
    }
    #expect(RegisterRange("coil:65535")?.registers == 65_535...65_535)
  }
}
