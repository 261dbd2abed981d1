/// One request: registers that are read together, and where they go in a ``RegisterImage``.
public struct ReadBlock: Hashable, Sendable {
  public var space: RegisterSpace
  /// 0-based, as on the wire.
  public var start: Int
  public var count: Int
  /// Of its first register in the image.
  public var imageOffset: Int

  public init(space: RegisterSpace, start: Int, count: Int, imageOffset: Int = 0) {
    self.space = space
    self.start = start
    self.count = count
    self.imageOffset = imageOffset
  }
}

/// Wanted spans merged into as few requests as the device's reading rules allow.
struct BlockLayout: Hashable, Sendable {
  struct Position: Hashable, Sendable {
    var block: Int
    var offset: Int
  }

  private(set) var blocks: [ReadBlock] = []
  /// Of each block.
  private(set) var groups: [Int] = []
  private(set) var registerCount = 0
  private var positions: [RegisterSpan: Position] = [:]

  /// A span is never split, even where it alone is longer than the rules allow. Within a SunSpec model
  /// every register exists, so there gaps do not count and a scale factor stays with its values; each
  /// model is read in requests of its own.
  init(_ spans: [RegisterSpan], rules: ReadingRules) {
    let limit = min(rules.maximumRegisters, 125)
    var open: RegisterSpan?
    for span in Set(spans).sorted(by: Self.precedes) {
      if !rules.isOneValuePerRequest, var block = open, Self.joins(span, block, limit: limit, gap: rules.maximumGap) {
        block.count = max(block.end, span.end) - block.start
        open = block
      } else {
        close(open)
        open = span
      }
      positions[span] = Position(block: blocks.count, offset: registerCount + span.start - (open?.start ?? span.start))
    }
    close(open)
  }

  func position(of span: RegisterSpan) -> Position? { positions[span] }

  private mutating func close(_ span: RegisterSpan?) {
    guard let span else { return }
    blocks.append(ReadBlock(space: span.space, start: span.start, count: span.count, imageOffset: registerCount))
    groups.append(span.group)
    registerCount += span.count
  }

  private static func joins(_ span: RegisterSpan, _ block: RegisterSpan, limit: Int, gap: Int) -> Bool {
    guard span.group == block.group, span.space == block.space, span.model == block.model else { return false }
    if span.end <= block.end { return true }
    return (span.model != nil || span.start - block.end <= gap) && span.end - block.start <= limit
  }

  private static func precedes(_ a: RegisterSpan, _ b: RegisterSpan) -> Bool {
    if a.group != b.group { return a.group < b.group }
    return (a.space.rawValue, a.model ?? -1, a.start, -a.count) < (b.space.rawValue, b.model ?? -1, b.start, -b.count)
  }
}
