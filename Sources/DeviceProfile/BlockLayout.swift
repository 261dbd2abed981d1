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
  /// Of each block: where it may be cut, its own start first. No field reaches across.
  private(set) var boundaries: [[Int]] = []
  private(set) var registerCount = 0

  /// A span is never split, even where it alone is longer than the rules allow. Within a SunSpec model
  /// every register exists, so there gaps do not count; each model is read in requests of its own.
  /// - Parameter wanted: spans of one SunSpec model that are listed together are read in one request, so that a scale
  ///   factor that changes while the device runs fits its value. Where they are further apart than one request reaches,
  ///   they are read one after the other.
  init(
    _ wanted: [[RegisterSpan]], rules: ReadingRules, avoiding refused: RefusedRegisters = RefusedRegisters()
  ) {
    let limit = min(rules.maximumRegisters, 125)
    let spans = rules.isOneValuePerRequest ? wanted.flatMap(\.self) : wanted.flatMap { Self.joined($0, limit: limit) }
    var open: RegisterSpan?
    var starts: [Int] = []
    for span in Set(spans).sorted(by: Self.precedes) {
      if !rules.isOneValuePerRequest, var block = open, Self.joins(span, block, limit: limit, gap: rules.maximumGap),
        span.end <= block.end
          || !refused.separates(span.space, block.start..<span.end, at: span.start)
      {
        if span.start >= block.end { starts.append(span.start) }
        block.count = max(block.end, span.end) - block.start
        open = block
      } else {
        close(open, starts)
        open = span
        starts = [span.start]
      }
    }
    close(open, starts)
  }

  /// Where a span is in the image, in the same request as `other` where there is one with both.
  func position(of span: RegisterSpan, beside other: RegisterSpan? = nil) -> Position? {
    let holding = blocks.indices.filter { holds(span, in: $0) }
    guard let block = holding.first(where: { block in other.map { holds($0, in: block) } ?? true }) ?? holding.first
    else { return nil }
    return Position(block: block, offset: blocks[block].imageOffset + span.start - blocks[block].start)
  }

  private func holds(_ span: RegisterSpan, in index: Int) -> Bool {
    let block = blocks[index]
    return groups[index] == span.group && block.space == span.space && block.start <= span.start
      && span.end <= block.start + block.count
  }

  private static func joined(_ spans: [RegisterSpan], limit: Int) -> [RegisterSpan] {
    guard var whole = spans.first, whole.model != nil, spans.allSatisfy({ $0.model == whole.model }) else {
      return spans
    }
    let start = spans.reduce(whole.start) { min($0, $1.start) }
    whole.count = spans.reduce(whole.end) { max($0, $1.end) } - start
    whole.start = start
    return whole.count <= limit ? [whole] : spans
  }

  private mutating func close(_ span: RegisterSpan?, _ starts: [Int]) {
    guard let span else { return }
    blocks.append(ReadBlock(space: span.space, start: span.start, count: span.count, imageOffset: registerCount))
    groups.append(span.group)
    boundaries.append(starts)
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
