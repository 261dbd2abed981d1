import DeviceProfile
import EnergyModel
import SiteSimulator
import Testing

extension UnitImage {
  /// What a read of a block brings.
  mutating func outcome(of block: ReadBlock) -> RegisterRecording.Outcome {
    let request: ModbusRequest =
      switch block.space {
      case .holding: .readHolding(address: block.start, count: block.count)
      case .input: .readInput(address: block.start, count: block.count)
      case .coil: .readCoils(address: block.start, count: block.count)
      case .discrete: .readDiscrete(address: block.start, count: block.count)
      }
    if isSilent(to: request) { return .silence }
    do throws(ModbusException) {
      switch try answer(request) {
      case .registers(let words): return .words(words.map(Optional.init))
      case .bits(let bits): return .words(bits.map { $0 ? 1 : 0 })
      case .done: return .words([])
      }
    } catch { return .exception(error.rawValue) }
  }

  /// Everything that a recorder asks, once, in a recording.
  mutating func recording(_ recorder: inout RegisterRecorder) -> RegisterRecording {
    var image = self
    let sample = recorder.sample(now: { .zero }) { image.outcome(of: $0) }
    self = image
    return RegisterRecording(profile: "p", unit: 1, began: Timestamp(milliseconds: 0), samples: [sample])
  }

  /// What the agent makes of it: the models that it finds, its own requests, its own decoder.
  mutating func agentsReadings(_ profile: DeviceProfile) -> [Reading] {
    var discovery = SunSpecDiscovery(counting: profile.countedRepetitions)
    var map: SunSpecMap?
    while profile.isSunSpec, map == nil {
      switch discovery.action {
      case .found(let found): map = found
      case .failed: return []
      case .read(let address, let count):
        guard case .words(let words) = outcome(of: ReadBlock(space: .holding, start: address, count: count)) else {
          discovery.refused()
          continue
        }
        discovery.received(words.map { $0 ?? 0 })
      }
    }
    let plan = ResolvedProfile(profile, map: map).readPlan
    var registers = plan.emptyImage()
    for (index, block) in plan.blocks.enumerated() {
      guard case .words(let words) = outcome(of: block) else {
        registers.blocks[index] = .exception
        continue
      }
      registers.registers.replaceSubrange(
        block.imageOffset..<block.imageOffset + block.count, with: words.map { $0 ?? 0 })
      registers.blocks[index] = .good
    }
    return plan.decode(registers)
  }
}

@Suite struct RecordedImageTests {
  @Test(arguments: ProfileClient.shipped)
  func everyShippedProfileIsTheSameFromItsRecording(name: String) throws {
    let profile = try ProfileClient.profile(name)
    for round in 0..<2 {
      var device = ProfileClient(profile, ProfileImageTests().values(profile, round), serial: "34119087").image
      var recorder = RegisterRecorder(profile: profile)
      let recording = device.recording(&recorder)
      #expect(!recording.samples[0].reads.isEmpty)
      let kept = try RegisterRecording(text: recording.text)
      #expect(kept == recording)

      var replay = RecordedImage(kept)
      var again = RegisterRecorder(profile: profile)
      let replayed = replay.recording(&again)
      #expect(replayed == recording)
      let readings = device.agentsReadings(profile)
      #expect(readings.contains { $0.quality == .good })
      let fromReplay = replay.agentsReadings(profile)
      #expect(fromReplay == readings)
      #expect(try kept.samples[0].readings(by: profile).get() == readings)
      if profile.serial != nil { #expect(kept.samples[0].serial(by: profile) == "34119087") }
    }
  }

  /// All that commands need before they write is in the recording too.
  @Test(arguments: ProfileClient.shipped)
  func commandsFindWhatTheyRefersToInTheRecording(name: String) throws {
    let profile = try ProfileClient.profile(name).configured(failsafeCurrent: 6)
    var device = ProfileImage(profile)
    var recorder = RegisterRecorder(profile: profile)
    var replay = RecordedImage(device.recording(&recorder))
    let resolved = ResolvedProfile(profile, map: device.map)
    for command in profile.commands {
      let setpoints = command.parameters.map {
        Setpoint(device: "d", kind: $0, value: 1, owner: "t", expires: MonotonicInstant(nanoseconds: 0))
      }
      for block in try resolved.plan(setpoints).blocks {
        let (answer, original) = (replay.outcome(of: block), device.outcome(of: block))
        #expect(answer == original)
        if case .words = answer { continue }
        Issue.record("\(command.name): \(block) is not in the recording")
      }
    }
  }

  @Test func serialNumbersAreBlankedInEveryProfileThatHasOne() throws {
    var blanked = 0
    for name in ProfileClient.shipped {
      let profile = try ProfileClient.profile(name)
      guard profile.serial != nil else { continue }
      var device = ProfileImage(profile, serial: "34119087")
      var recorder = RegisterRecorder(profile: profile)
      var recording = device.recording(&recorder)
      #expect(recording.samples[0].serial(by: profile) == "34119087")
      let readings = try recording.samples[0].readings(by: profile).get()
      for place in recorder.serialNumbers { blanked += recording.redact(place.space, place.registers) > 0 ? 1 : 0 }
      #expect(recording.samples[0].serial(by: profile) != "34119087")
      #expect(try recording.samples[0].readings(by: profile).get() == readings, "\(name)")
      #expect(try RegisterRecording(text: recording.text) == recording)
    }
    #expect(blanked > 5)
  }

  private static let played: RegisterRecording = {
    func sample(_ second: Int64, _ word: UInt16) -> RegisterRecording.Sample {
      .init(
        at: .seconds(second),
        reads: [
          .init(space: .holding, start: 5, count: 2, at: .seconds(second), outcome: .words([word, nil])),
          .init(space: .holding, start: 7, count: 1, at: .seconds(second), outcome: .exception(4)),
          .init(space: .holding, start: 8, count: 2, at: .seconds(second), outcome: .silence),
          .init(space: .coil, start: 1, count: 2, at: .seconds(second), outcome: .words([word & 1, 1])),
        ])
    }
    return RegisterRecording(
      unit: 1, began: Timestamp(milliseconds: 0), samples: [sample(10, 1), sample(12, 2), sample(15, 3)])
  }()

  private func word(_ image: inout RecordedImage) -> UInt16? {
    guard case .words(let words) = image.outcome(of: ReadBlock(space: .holding, start: 5, count: 1)) else { return nil }
    return words[0]
  }

  @Test func samplesFollowEachOtherInTheirRhythmAndTheLastStays() {
    var image = RecordedImage(Self.played)
    let seen = (0..<10).map { _ in
      defer { image.pass(.seconds(1)) }
      return word(&image)
    }
    #expect(seen == [1, 1, 2, 2, 2, 3, 3, 3, 3, 3])
  }

  @Test func theyBeginAnewWhereThatIsAskedFor() {
    var image = RecordedImage(Self.played, repeats: true)
    let seen = (0..<17).map { _ in
      defer { image.pass(.seconds(1)) }
      return word(&image)
    }
    #expect(seen == [1, 1, 2, 2, 2, 3, 3, 3, 1, 1, 2, 2, 2, 3, 3, 3, 1])
    image.pass(.seconds(8_000_000 - 17))
    let late = word(&image)
    #expect(late == 1)
  }

  @Test func refusalsAndSilencesAreAnsweredAgainAndNothingElseIsThere() {
    var image = RecordedImage(Self.played)
    let questions: [(RegisterSpace, Int, Int, RegisterRecording.Outcome)] = [
      (.holding, 5, 2, .words([1, 0])), (.holding, 5, 3, .exception(4)), (.holding, 7, 1, .exception(4)),
      (.holding, 9, 1, .silence), (.holding, 4, 2, .exception(2)), (.input, 5, 1, .exception(2)),
      (.holding, 65_535, 125, .exception(2)), (.coil, 1, 2, .words([1, 1])),
    ]
    for (space, start, count, expected) in questions {
      let answer = image.outcome(of: ReadBlock(space: space, start: start, count: count))
      #expect(answer == expected, "\(space) \(start) \(count)")
    }
    #expect(throws: ModbusException.illegalFunction) { try image.answer(.writeRegister(address: 5, value: 9)) }
    var empty = RecordedImage(RegisterRecording(unit: 1, began: Timestamp(milliseconds: 0)), repeats: true)
    empty.pass(.seconds(1))
    let nothing = empty.outcome(of: ReadBlock(space: .holding, start: 0, count: 1))
    #expect(nothing == .exception(2))
  }

  @Test func aBenchServesItWithFaults() {
    var bench = Bench(seed: 1)
    let isAdded = bench.add(RecordedImage(Self.played), name: "r", bus: 0, unit: 3)
    #expect(isAdded)
    func order(_ text: String) {
      let answer = bench.order(text)
      #expect(answer.refusal == nil)
    }
    func ask(_ body: [UInt8]) -> [UInt8]? {
      bench.answer(ModbusFrame(transaction: 1, unit: 3, body: body), bus: 0).reply?.body
    }
    #expect(ask([3, 0, 5, 0, 1]) == [3, 2, 0, 1])
    #expect(ask([3, 0, 7, 0, 1]) == [0x83, 4])
    #expect(ask([3, 0, 8, 0, 1]) == nil)
    order("r spike holding:5:uint16 7")
    #expect(ask([3, 0, 5, 0, 1]) == [3, 2, 0, 7])
    order("r exception 6")
    #expect(ask([3, 0, 8, 0, 1]) == [0x83, 6])
  }
}
