import EnergyModel

/// Reads all that is wanted of a device, and nothing but that: what it answers is recorded, what it refuses is cut into
/// pieces until the registers behind the refusal are known.
public struct RegisterRecorder: Sendable {
  /// Asks the device once.
  public typealias Question = (ReadBlock) -> RegisterRecording.Outcome

  /// A device that never answered is asked so often, one that did so often without an answer in between.
  static let patience = (atFirst: 3, later: 8)

  private let profile: DeviceProfile?
  private let ranges: [RegisterRange]
  private let walksChain: Bool
  private var blocks: [RecordedBlock]?
  private var hasAnswered = false
  private var silences = 0

  /// Where the device's SunSpec models are; nil where it was not asked or is none.
  public private(set) var map: SunSpecMap?
  /// Why there is no map although one was looked for.
  public private(set) var chainFailure: SunSpecDiscovery.Failure?
  /// Nothing was ever heard of the device, or it fell silent and was not asked on.
  public var isSilent: Bool { isHopeless || !hasAnswered && silences > 0 }

  /// What has not been asked yet is left out.
  private var isHopeless: Bool { silences >= (hasAnswered ? Self.patience.later : Self.patience.atFirst) }

  /// - Parameter profile: says what to read; nil for the ranges alone, and for the models of a SunSpec device where there
  ///   are no ranges either.
  public init(profile: DeviceProfile?, ranges: [RegisterRange] = []) {
    self.profile = profile
    self.ranges = ranges
    walksChain = profile.map(\.isSunSpec) ?? ranges.isEmpty
  }

  /// Asks everything once.
  /// - Parameter now: the time since the recording began.
  public mutating func sample(now: () -> Duration, ask: Question) -> RegisterRecording.Sample {
    silences = 0
    var sample = RegisterRecording.Sample(at: Self.rounded(now()))
    if blocks == nil {
      if walksChain { map = discover(&sample, now, ask) }
      blocks = wanted
      // The whole chain is read once more, so that what was read to find it need not stand twice.
      if map != nil { sample.reads = [] }
    }
    var waiting = Array((blocks ?? []).reversed())
    var asked: [RecordedBlock] = []
    var known = RecordedRegisters(sample)
    while let next = waiting.popLast(), !isHopeless {
      if known.holds(next.block) { continue }
      let outcome = put(next.block, ask)
      if case .exception(let code) = outcome, Self.mayBeOfAPart.contains(code), let halves = next.halves {
        waiting += halves.reversed()
        continue
      }
      let read = RegisterRecording.Read(next.block, at: Self.rounded(now()), outcome)
      known.add(read)
      if let last = sample.reads.last, let joined = last.joined(read, limit: limit), !asked.isEmpty {
        sample.reads[sample.reads.count - 1] = joined
        // It is refused as a whole from now on, or found to be there.
        asked[asked.count - 1] = RecordedBlock(joined.space, joined.registers, boundaries: [joined.start])
      } else {
        sample.reads.append(read)
        asked.append(next)
      }
    }
    // Next time the pieces are asked for at once.
    if !isSilent { blocks = asked }
    return sample
  }

  /// Illegal data address, illegal data value (a request that is too long), and the failure that some devices answer in
  /// their place: another device may refuse a part of what was asked for, and mean that part alone.
  private static let mayBeOfAPart: Set<UInt8> = [2, 3, 4]

  /// Registers that hold the serial number, as far as the profile or SunSpec says where it is.
  public var serialNumbers: [(space: RegisterSpace, registers: Range<Int>)] {
    let told = profile.map { ResolvedProfile($0, map: map).serialBlocks.map { ($0.space, $0.registers) } } ?? []
    return told + (map?.serialNumbers ?? []).map { (RegisterSpace.holding, $0) }
  }

  private var limit: Int {
    guard let profile else { return 125 }
    return profile.reading.isOneValuePerRequest ? 1 : max(1, min(profile.reading.maximumRegisters, 125))
  }

  private var wanted: [RecordedBlock] {
    let resolved = profile.map { ResolvedProfile($0, map: map) }
    return (map?.recordedBlocks(of: limit) ?? []) + (resolved?.recordedBlocks ?? [])
      + ranges.flatMap { $0.blocks(of: limit) }
  }

  private mutating func discover(
    _ sample: inout RegisterRecording.Sample, _ now: () -> Duration, _ ask: Question
  ) -> SunSpecMap? {
    var discovery = SunSpecDiscovery(counting: profile?.countedRepetitions ?? [:])
    while !isHopeless {
      switch discovery.action {
      case .found(let map): return map
      case .failed(let failure):
        chainFailure = failure
        return nil
      case .read(let address, let count):
        let block = ReadBlock(space: .holding, start: address, count: count)
        let outcome = put(block, ask)
        sample.reads.append(RegisterRecording.Read(block, at: Self.rounded(now()), outcome))
        discovery.take(outcome)
      }
    }
    return nil
  }

  private mutating func put(_ block: ReadBlock, _ ask: Question) -> RegisterRecording.Outcome {
    let outcome = ask(block)
    switch outcome {
    // A gateway says that nobody is there.
    case .silence, .exception(10), .exception(11): silences += 1
    case .words, .exception: (hasAnswered, silences) = (true, 0)
    }
    return outcome
  }

  private static func rounded(_ time: Duration) -> Duration { .milliseconds(max(0, time.milliseconds)) }
}

extension RegisterRecording.Read {
  init(_ block: ReadBlock, at: Duration, _ outcome: RegisterRecording.Outcome) {
    self.init(space: block.space, start: block.start, count: block.count, at: at, outcome: outcome)
  }

  var registers: Range<Int> { start..<start + count }

  /// Both as one, where they are next to each other and refused alike; nil otherwise.
  fileprivate func joined(_ next: Self, limit: Int) -> Self? {
    guard case .exception = outcome, next.outcome == outcome, next.space == space, next.start == start + count,
      count + next.count <= limit
    else { return nil }
    return Self(space: space, start: start, count: count + next.count, at: next.at, outcome: outcome)
  }
}

extension SunSpecDiscovery {
  /// What came of ``action``.
  mutating func take(_ outcome: RegisterRecording.Outcome) {
    switch outcome {
    case .words(let words): received(words.map { $0 ?? 0 })
    case .exception: refused()
    case .silence: timedOut()
    }
  }
}
