/// How a device wants to be read.
public struct ReadingRules: Hashable, Sendable {
  /// Most registers in one request, 1...125.
  public var maximumRegisters: Int
  /// Unwanted registers that may be read to join two wanted ones into one request.
  public var maximumGap: Int
  /// True where a request has to be for exactly one value: neighbours are never joined.
  public var isOneValuePerRequest: Bool
  /// Pause between two requests.
  public var pause: Duration
  /// Pause between two writes: some devices keep each in flash, or lose what comes sooner.
  public var writePause: Duration
  /// The deadline of one answer.
  public var timeout: Duration

  public init(
    maximumRegisters: Int = 125, maximumGap: Int = 8, isOneValuePerRequest: Bool = false, pause: Duration = .zero,
    writePause: Duration = .zero, timeout: Duration = .seconds(1)
  ) {
    self.maximumRegisters = maximumRegisters
    self.maximumGap = maximumGap
    self.isOneValuePerRequest = isOneValuePerRequest
    self.pause = pause
    self.writePause = writePause
    self.timeout = timeout
  }
}
