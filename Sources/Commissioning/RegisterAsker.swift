public import DeviceProfile

/// Somebody who carries questions to a device and brings its answers. He only reads.
public protocol RegisterAsker {
  /// - Parameters:
  ///   - pause: rest since the last question.
  ///   - timeout: of the answer, as the profile wants it; nil where no profile is meant.
  mutating func ask(_ block: ReadBlock, unit: Int, pause: Duration, timeout: Duration?) -> ScanAnswer
}

public enum ScanAnswer: Hashable, Sendable {
  /// As many as were asked for.
  case registers([UInt16])
  /// The exception code.
  case refused(UInt8)
  /// No answer, or none that belongs to the question.
  case silent
  /// Nobody may ask any more: time is up, or the link is gone for good.
  case over
}
