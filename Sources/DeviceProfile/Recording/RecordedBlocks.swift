/// Registers that are recorded together where the device allows it.
public struct RecordedBlock: Hashable, Sendable {
  public var block: ReadBlock
  /// Where it may be cut when it is refused, its own start first; nil for anywhere.
  public var boundaries: [Int]?

  public init(_ space: RegisterSpace, _ registers: Range<Int>, boundaries: [Int]? = nil) {
    block = ReadBlock(space: space, start: registers.lowerBound, count: registers.count)
    self.boundaries = boundaries
  }

  /// Both halves; nil where it cannot be cut.
  var halves: [RecordedBlock]? {
    let inside = boundaries.map { $0.filter { $0 > block.start } }
    guard block.count > 1, inside?.isEmpty != true else { return nil }
    let middle = inside.map { $0[$0.count / 2] } ?? block.start + block.count / 2
    return [block.start..<middle, middle..<block.start + block.count].map { registers in
      RecordedBlock(block.space, registers, boundaries: boundaries?.filter { registers.contains($0) })
    }
  }
}

/// Registers that somebody asks for by address.
public struct RegisterRange: Hashable, Sendable {
  public var space: RegisterSpace
  public var registers: ClosedRange<Int>

  /// `holding:0-200`, `coil:7`; nil where the text is no such range.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, let space = RegisterSpace(rawValue: String(parts[0])) else { return nil }
    let ends = parts[1].split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last else {
      return nil
    }
    self.space = space
    registers = Int(first)...Int(last)
  }

  /// In pieces of so many registers.
  func blocks(of limit: Int) -> [RecordedBlock] {
    stride(from: registers.lowerBound, through: registers.upperBound, by: limit).map { start in
      RecordedBlock(space, start..<min(start + limit, registers.upperBound + 1))
    }
  }
}

extension SunSpecMap {
  /// The whole chain: marker, models with all that is in them, end block.
  func recordedBlocks(of limit: Int) -> [RecordedBlock] {
    let end = models.last.map { $0.registers.upperBound } ?? base + 2
    let pieces = models.flatMap { model in
      stride(from: model.address, to: model.registers.upperBound, by: limit).map { start in
        RecordedBlock(.holding, start..<min(start + limit, model.registers.upperBound))
      }
    }
    let last = end < 65_536 ? [RecordedBlock(.holding, end..<min(end + 2, 65_536))] : []
    return [RecordedBlock(.holding, base..<base + 2)] + pieces + last
  }

  /// The serial number in each common model (SunSpec model 1, point SN).
  var serialNumbers: [Range<Int>] {
    models.filter { $0.id == 1 && $0.length >= 64 }.map { $0.address + 50..<$0.address + 66 }
  }
}

extension ResolvedProfile {
  /// All that the agent ever reads of the device: for its points, its serial number, and for its commands what they refer
  /// to, what they leave alone and what they wrote.
  var recordedBlocks: [RecordedBlock] {
    let planned = zip(readPlan.blocks, readPlan.boundaries).map { block, boundaries in
      RecordedBlock(block.space, block.registers, boundaries: boundaries)
    }
    let complete = ResolvedProfile(profile.configured(failsafeCurrent: 0), map: map)
    let references = complete.profile.commands.flatMap { definition in
      (try? CommandPlan(definition, complete))?.blocks ?? []
    }
    let shown = profile.commands.flatMap(\.writes).flatMap(shownSpans)
    let step = max(1, min(profile.reading.maximumRegisters, 125))
    let spans = shown.flatMap { span in
      // What is written in one transfer need not be read in one.
      stride(from: span.start, to: span.end, by: step).map { span.start(at: $0, limit: step) }
    }
    // What is wanted for one purpose is one piece.
    let single = (serialBlocks + references + spans).map {
      RecordedBlock($0.space, $0.registers, boundaries: [$0.start])
    }
    var seen = Set<RecordedBlock>()
    return (planned + single).filter { seen.insert($0).inserted }
  }

  /// What shows whether a write is needed, and whether it was taken.
  private func shownSpans(_ write: RegisterWrite) -> [RegisterSpan] {
    var spans: [RegisterSpan?] = []
    switch write.readBack {
    case .same: spans.append(locator.locate(write.start, count: write.values.reduce(0) { $0 + $1.width }))
    case .field(let field): spans.append(locator.locate(field.address, count: field.type.width))
    case .nowhere: break
    }
    if let field = write.unless?.field { spans.append(locator.locate(field.address, count: field.type.width)) }
    return spans.compactMap(\.self)
  }
}

extension RegisterSpan {
  fileprivate func start(at start: Int, limit: Int) -> ReadBlock {
    ReadBlock(space: space, start: start, count: min(limit, end - start))
  }
}
