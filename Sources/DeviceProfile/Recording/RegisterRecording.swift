public import EnergyModel

/// What one device answered, as it came: words, refusals and silences, and when. Nothing in it is interpreted.
public struct RegisterRecording: Hashable, Sendable {
  public enum Outcome: Hashable, Sendable {
    /// Coils and discrete inputs are 0 or 1. Nil is a word that was blanked out (see ``redact(_:_:)``).
    case words([UInt16?])
    /// The exception code of the refusal.
    case exception(UInt8)
    case silence
  }

  /// One question and what came of it.
  public struct Read: Hashable, Sendable {
    public var space: RegisterSpace
    /// 0-based, as on the wire.
    public var start: Int
    public var count: Int
    /// When the answer came, or was given up, since ``RegisterRecording/began``; whole milliseconds.
    public var at: Duration
    public var outcome: Outcome

    public init(space: RegisterSpace, start: Int, count: Int, at: Duration, outcome: Outcome) {
      self.space = space
      self.start = start
      self.count = count
      self.at = at
      self.outcome = outcome
    }
  }

  /// All questions, asked once.
  public struct Sample: Hashable, Sendable {
    /// When it began, since ``RegisterRecording/began``; whole milliseconds.
    public var at: Duration
    public var reads: [Read]

    public init(at: Duration, reads: [Read] = []) {
      self.at = at
      self.reads = reads
    }
  }

  /// As the site calls it; nil where nobody said.
  public var device: String?
  /// The name of the profile that said what to read; nil where there was none.
  public var profile: String?
  /// 1...255.
  public var unit: Int
  public var began: Timestamp
  /// In the order of their times.
  public var samples: [Sample]

  public init(device: String? = nil, profile: String? = nil, unit: Int, began: Timestamp, samples: [Sample] = []) {
    self.device = device
    self.profile = profile
    self.unit = unit
    self.began = began
    self.samples = samples
  }

  /// Blanks out the words at some places, wherever they were read: serial numbers are personal data.
  /// - Returns: how many words were blanked.
  public mutating func redact(_ space: RegisterSpace, _ registers: Range<Int>) -> Int {
    var blanked = 0
    for sample in samples.indices {
      for read in samples[sample].reads.indices {
        let place = samples[sample].reads[read]
        guard place.space == space, case .words(var words) = place.outcome else { continue }
        for index in words.indices where registers.contains(place.start + index) && words[index] != nil {
          words[index] = nil
          blanked += 1
        }
        samples[sample].reads[read].outcome = .words(words)
      }
    }
    return blanked
  }
}

/// What a sample says of each register by itself.
public struct RecordedRegisters: Hashable, Sendable {
  public enum Cell: Hashable, Sendable {
    /// Nil where it was blanked out.
    case word(UInt16?)
    case exception(UInt8)
    case silence
  }

  private struct Place: Hashable, Sendable {
    var space: RegisterSpace
    var address: Int

    init(_ space: RegisterSpace, _ address: Int) {
      self.space = space
      self.address = address
    }
  }

  private var cells: [Place: Cell] = [:]

  public init() {}

  /// - Parameter sample: where a register was read twice, what was read later holds; words hold against a refusal of
  ///   more registers than these.
  public init(_ sample: RegisterRecording.Sample) {
    for read in sample.reads { add(read) }
  }

  public mutating func add(_ read: RegisterRecording.Read) {
    switch read.outcome {
    case .words(let words):
      for (offset, word) in words.enumerated() { cells[Place(read.space, read.start + offset)] = .word(word) }
    case .exception(let code): mark(read, .exception(code))
    case .silence: mark(read, .silence)
    }
  }

  private mutating func mark(_ read: RegisterRecording.Read, _ cell: Cell) {
    for offset in 0..<read.count {
      let place = Place(read.space, read.start + offset)
      if case .word = cells[place] { continue }
      cells[place] = cell
    }
  }

  /// Nil where it was not asked for.
  public subscript(space: RegisterSpace, address: Int) -> Cell? { cells[Place(space, address)] }

  /// Whether the words of a whole block are there.
  func holds(_ block: ReadBlock) -> Bool {
    block.registers.allSatisfy { if case .word = self[block.space, $0] { true } else { false } }
  }

  /// What a request for several brings: the words, or the first cell that is none. A word that was blanked out reads 0,
  /// and what was not asked for is no data address of the device (exception 2).
  public func answer(_ space: RegisterSpace, _ start: Int, _ count: Int) -> RegisterRecording.Outcome {
    var words: [UInt16?] = []
    for address in start..<start + count {
      switch self[space, address] {
      case .word(let word)?: words.append(word)
      case .exception(let code)?: return .exception(code)
      case .silence?: return .silence
      case nil: return .exception(2)
      }
    }
    return .words(words)
  }
}
