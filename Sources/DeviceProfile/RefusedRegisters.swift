/// What a device refused to let read in one request, and where requests are cut while the registers behind a refusal
/// are looked for. It shapes a ``ReadPlan``: no block covers a refused one, and no field is ever split.
public struct RefusedRegisters: Hashable, Sendable {
  private struct Zone: Hashable, Sendable {
    var space: RegisterSpace
    var registers: Range<Int>
  }

  private struct Cut: Hashable, Sendable {
    var space: RegisterSpace
    var address: Int
  }

  private var zones: Set<Zone> = []
  private var cuts: Set<Cut> = []

  public init() {}

  public var isEmpty: Bool { zones.isEmpty && cuts.isEmpty }

  public var hasCuts: Bool { !cuts.isEmpty }

  /// A block was refused as a whole. It is cut in the middle, where it has one.
  /// - Parameter boundaries: addresses in the block at which a field begins and none goes on.
  public mutating func refuse(_ block: ReadBlock, boundaries: [Int]) {
    zones.insert(Zone(space: block.space, registers: block.registers))
    let middle = boundaries.count / 2
    if middle > 0 { cuts.insert(Cut(space: block.space, address: boundaries[middle])) }
  }

  /// Registers that were refused can be read now.
  public mutating func accept(_ block: ReadBlock) {
    zones = zones.filter { $0.space != block.space || !$0.registers.overlaps(block.registers) }
  }

  /// The search is over: what is readable is read in as few requests again as the refusals allow.
  public mutating func rejoin() { cuts = [] }

  /// Whether a block may not reach from the one address to the other.
  func separates(_ space: RegisterSpace, _ registers: Range<Int>, at start: Int) -> Bool {
    if zones.isEmpty { return false }
    return zones.contains { zone in
      zone.space == space && zone.registers.lowerBound >= registers.lowerBound
        && zone.registers.upperBound <= registers.upperBound
    }
      || cuts.contains { $0.space == space && registers.lowerBound < $0.address && $0.address <= start }
  }
}

extension ReadBlock {
  var registers: Range<Int> { start..<start + count }
}
