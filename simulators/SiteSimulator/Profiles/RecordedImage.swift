public import DeviceProfile

/// A device as somebody recorded it: what it answered is answered again, refusals and silences included, and nothing
/// changes it but the time that passes from one sample to the next.
///
/// What was not recorded is exception 2, a write exception 1. A word that was blanked out reads 0.
public struct RecordedImage: UnitImage {
  private struct Sample {
    /// Since the first one.
    var at: Duration
    var registers: RecordedRegisters
  }

  private var samples: [Sample]
  private let repeats: Bool
  private var elapsed = Duration.zero

  /// Nothing yet: see ``record(_:at:_:)``.
  public init() { self.init([Sample(at: .zero, registers: RecordedRegisters())], repeats: false) }

  /// Plays a recording from its first sample on; the last one stays.
  /// - Parameter repeats: it begins anew, as long after the last sample as that came after the one before.
  public init(_ recording: RegisterRecording, repeats: Bool = false) {
    let first = recording.samples.first?.at ?? .zero
    let samples = recording.samples.map { Sample(at: $0.at - first, registers: RecordedRegisters($0)) }
    self.init(samples.isEmpty ? [Sample(at: .zero, registers: RecordedRegisters())] : samples, repeats: repeats)
  }

  private init(_ samples: [Sample], repeats: Bool) {
    self.samples = samples
    self.repeats = repeats && samples.count > 1
  }

  /// Adds to what it answers now. Coils and discrete inputs are 0 or 1.
  public mutating func record(_ words: [UInt16], at address: Int, _ space: RegisterSpace) {
    let read = RegisterRecording.Read(
      space: space, start: address, count: words.count, at: .zero, outcome: .words(words.map(Optional.init)))
    samples[current].registers.add(read)
  }

  public mutating func pass(_ time: Duration) {
    elapsed += time
    guard repeats, let last = samples.last else { return }
    let length = last.at * 2 - samples[samples.count - 2].at
    while elapsed >= length { elapsed -= length }
  }

  public mutating func answer(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply {
    guard let read = request.read else { throw .illegalFunction }
    switch outcome(of: read) {
    case .words(let words):
      let isOfBits = read.space == .coil || read.space == .discrete
      return isOfBits ? .bits(words.map { $0 == 1 }) : .registers(words.map { $0 ?? 0 })
    case .exception(let code): throw ModbusException(rawValue: code)
    // Nobody hears it, see ``isSilent(to:)``.
    case .silence: throw .gatewayTargetFailed
    }
  }

  public func isSilent(to request: ModbusRequest) -> Bool {
    request.read.map { outcome(of: $0) == .silence } ?? false
  }

  /// The profile that knows its points is the client's.
  public func register(of point: String) -> RegisterTarget? { nil }

  private func outcome(of read: ReadBlock) -> RegisterRecording.Outcome {
    samples[current].registers.answer(read.space, read.start, read.count)
  }

  private var current: Int { (samples.firstIndex { $0.at > elapsed } ?? samples.count) - 1 }
}

extension ModbusRequest {
  /// What a read asks for; nil for a write.
  fileprivate var read: ReadBlock? {
    switch self {
    case .readCoils(let start, let count): ReadBlock(space: .coil, start: start, count: count)
    case .readDiscrete(let start, let count): ReadBlock(space: .discrete, start: start, count: count)
    case .readHolding(let start, let count): ReadBlock(space: .holding, start: start, count: count)
    case .readInput(let start, let count): ReadBlock(space: .input, start: start, count: count)
    case .writeCoil, .writeRegister, .writeCoils, .writeRegisters: nil
    }
  }
}
