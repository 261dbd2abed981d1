public import EnergyModel

// Where values come from, for people who look at a device with its manual in the hand.

extension ResolvedProfile {
  /// The registers behind a point: those of each term with those of its scale factor, in the order of the profile. Empty
  /// where the device has none of them.
  public func registers(of point: Point) -> [ReadBlock] {
    guard let definition = profile.points.first(where: { $0.point == point })?.expanded(on: map) else { return [] }
    var found: [ReadBlock] = []
    for span in definition.terms.flatMap(\.fields).flatMap({ $0.spans(locator) }) {
      let block = ReadBlock(space: span.space, start: span.start, count: span.count)
      if !found.contains(block) { found.append(block) }
    }
    return found
  }
}

extension ReadPlan {
  /// Registers as they are in an image; nil where no request of the plan brought them.
  public func words(at registers: ReadBlock, in image: RegisterImage) -> [UInt16]? {
    for (index, block) in blocks.enumerated()
    where image.blocks[index] == .good && block.space == registers.space && block.start <= registers.start
      && registers.start + registers.count <= block.start + block.count
    {
      let first = block.imageOffset + registers.start - block.start
      return Array(image.registers[first..<first + registers.count])
    }
    return nil
  }
}
