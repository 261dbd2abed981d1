public import EnergyModel

/// Where a profile and its evidence do not agree.
public enum EvidenceProblem: Hashable, Sendable, CustomStringConvertible {
  /// The evidence has no registers, or not all, for the point.
  case registersMissing(Point)
  case unknownPoint(Point)
  case different(Point, expected: Evidence.Expected, found: Evidence.Expected)
  /// The command cannot be made into transfers.
  case refused(CommandRefusal)
  /// A transfer, counted from 1, is not what the evidence says.
  case writes(Int, expected: Evidence.Block?, found: Evidence.Block?)

  public var description: String {
    switch self {
    case .registersMissing(let point): "the registers of \(point.rawValue) are not all given"
    case .unknownPoint(let point): "the profile has no \(point.rawValue)"
    case .different(let point, let expected, let found):
      "\(point.rawValue) reads \(Self.text(found)), not \(Self.text(expected))"
    case .refused(let refusal): refusal.description
    case .writes(let number, let expected, let found):
      "transfer \(number) is \(found.map(Self.text) ?? "none"), not \(expected.map(Self.text) ?? "none")"
    }
  }

  private static func text(_ expected: Evidence.Expected) -> String {
    switch expected {
    case .value(let value): "\(value)"
    case .bad(let quality): quality.rawValue
    }
  }

  private static func text(_ block: Evidence.Block) -> String {
    let words = block.registers.map { register in
      let digits = String(register, radix: 16, uppercase: true)
      return String(repeating: "0", count: 4 - digits.count) + digits
    }
    guard case .absolute(let space, let address) = block.start else { return words.joined(separator: " ") }
    return "\(space.rawValue) \(address): \(words.joined(separator: " "))"
  }
}

extension DeviceProfile {
  /// Runs the evidence through the decoder and the encoder that a real device's registers go through.
  public func problems(with evidence: Evidence) -> [EvidenceProblem] {
    let chain = isSunSpec ? GivenRegisters(evidence, RegisterLocator()).chain(counting: countedRepetitions) : nil
    let resolved = ResolvedProfile(self, map: isSunSpec ? chain ?? standInMap(evidence) : nil)
    let given = GivenRegisters(evidence, resolved.locator)
    return pointProblems(evidence, resolved, given) + commandProblems(evidence, resolved, given)
  }

  /// Why a command can never be written, whatever the device says; nil where it can.
  public func planningRefusal(of command: String) -> CommandRefusal? {
    let profile = configured(failsafeCurrent: 0)
    guard let definition = profile.commands.first(where: { $0.name == command }) else { return nil }
    let map = isSunSpec ? standInMap(Evidence(origin: .derived, blocks: [])) : nil
    do throws(CommandRefusal) {
      _ = try CommandPlan(definition, ResolvedProfile(profile, map: map))
      return nil
    } catch {
      return error
    }
  }

  /// A value is never split over two requests; nil where each fits into one, and so does what is read back of a write.
  public var readingProblem: String? {
    var needs = [(what: isSunSpec ? "the head of a model" : "a value", width: isSunSpec ? 2 : 1)]
    for point in points {
      needs += point.terms.flatMap(\.fields).map { (point.point.rawValue, $0.type.width) }
    }
    for command in commands {
      needs += command.writes.flatMap(\.readWidths).map { ("what is read for the command \(command.name)", $0) }
    }
    guard let widest = needs.max(by: { $0.width < $1.width }), widest.width > reading.maximumRegisters else {
      return nil
    }
    return "\(widest.what) has \(widest.width) registers and a request at most \(reading.maximumRegisters)"
  }

  private func pointProblems(
    _ evidence: Evidence, _ resolved: ResolvedProfile, _ given: GivenRegisters
  ) -> [EvidenceProblem] {
    let wanted = points.filter { evidence.points[$0.point] != nil }
    let unknown = evidence.points.keys.filter { point in !points.contains { $0.point == point } }
    // Nothing else is read along, so that only what is given has to be there.
    let rules = ReadingRules(maximumRegisters: 125, isOneValuePerRequest: true)
    let plan = ReadPlan(wanted, isSunSpec: isSunSpec, rules: rules, resolved.locator)
    var image = plan.emptyImage()
    given.fill(&image, plan.blocks)
    var problems = unknown.sorted { $0.rawValue < $1.rawValue }.map(EvidenceProblem.unknownPoint)
    for reading in plan.decode(image) {
      guard let expected = evidence.points[reading.point] else { continue }
      let found = reading.value.map(Evidence.Expected.value) ?? .bad(reading.quality)
      if found == .bad(.timeout) {
        problems.append(.registersMissing(reading.point))
      } else if !expected.agrees(found) {
        problems.append(.different(reading.point, expected: expected, found: found))
      }
    }
    return problems
  }

  private func commandProblems(
    _ evidence: Evidence, _ resolved: ResolvedProfile, _ given: GivenRegisters
  ) -> [EvidenceProblem] {
    guard let expected = evidence.written else { return [] }
    let setpoints = evidence.asked.map {
      Setpoint(device: "", kind: $0, value: $1, owner: "", expires: MonotonicInstant(nanoseconds: 0))
    }
    let profile = evidence.failsafeCurrent.map { configured(failsafeCurrent: $0) } ?? self
    do throws(CommandRefusal) {
      let plan = try ResolvedProfile(profile, map: resolved.map).plan(setpoints)
      var image = plan.emptyImage()
      given.fill(&image, plan.blocks)
      let found = try plan.encode(setpoints, with: image).map {
        Evidence.Block(start: .absolute($0.space, $0.address), registers: $0.registers)
      }
      let wanted = expected.map { resolved.locator.absolute($0) }
      return (0..<max(found.count, wanted.count)).compactMap { index in
        let pair = (
          expected: wanted.indices.contains(index) ? wanted[index] : nil,
          found: found.indices.contains(index) ? found[index] : nil
        )
        return pair.expected == pair.found
          ? nil : .writes(index + 1, expected: pair.expected, found: pair.found)
      }
    } catch {
      return [.refused(error)]
    }
  }

  /// Where the evidence has no chain of models to be walked: models far enough apart that each has room for all that the profile knows of it.
  private func standInMap(_ evidence: Evidence) -> SunSpecMap {
    let written = evidence.blocks.map(\.start) + (evidence.written ?? []).map(\.start)
    let ids = Set((addresses + written).flatMap(\.sunSpecModels)).sorted()
    let room = min(1000, 25_000 / max(1, ids.count))
    return SunSpecMap(
      base: 40_000,
      models: ids.enumerated().map { SunSpecModel(id: $1, address: 40_002 + $0 * room, length: room - 2) })
  }
}

extension RegisterWrite {
  /// Registers that are read together for it, before or afterwards.
  fileprivate var readWidths: [Int] {
    var widths = [unless?.field.type.width].compactMap(\.self)
    for case .parameter(_, _, let percentOf, let atMost) in values {
      widths += [percentOf, atMost].compactMap { $0?.type.width }
    }
    switch readBack {
    case .same: widths.append(values.reduce(0) { $0 + $1.width })
    case .field(let field): widths.append(field.type.width)
    case .nowhere: break
    }
    return widths
  }
}

extension Evidence.Expected {
  /// The accuracy of an IEEE single is all that many devices have.
  fileprivate func agrees(_ found: Self) -> Bool {
    switch (self, found) {
    case (.value(let a), .value(let b)): (a - b).magnitude <= 1e-6 * max(1e-3, a.magnitude)
    case (.bad(let a), .bad(let b)): a == b
    default: false
    }
  }
}

extension RegisterLocator {
  fileprivate func absolute(_ block: Evidence.Block) -> Evidence.Block {
    guard let span = locate(block.start, count: block.registers.count) else { return block }
    return Evidence.Block(start: .absolute(span.space, span.start), registers: block.registers)
  }
}

/// The registers that evidence has, by where they are.
private struct GivenRegisters {
  private struct Place: Hashable {
    var space: RegisterSpace
    var address: Int
  }

  private var values: [Place: UInt16] = [:]

  init(_ evidence: Evidence, _ locator: RegisterLocator) {
    for model in locator.map?.models ?? [] {
      values[Place(space: .holding, address: model.address)] = UInt16(truncatingIfNeeded: model.id)
      values[Place(space: .holding, address: model.address + 1)] = UInt16(truncatingIfNeeded: model.length)
    }
    for block in evidence.blocks {
      guard let span = locator.locate(block.start, count: block.registers.count) else { continue }
      for (offset, register) in block.registers.enumerated() {
        values[Place(space: span.space, address: span.start + offset)] = register
      }
    }
  }

  /// The models of a device with these registers; nil where they are no SunSpec chain.
  func chain(counting: [Int: Set<Int>]) -> SunSpecMap? {
    var discovery = SunSpecDiscovery(counting: counting)
    while true {
      switch discovery.action {
      case .found(let map): return map
      case .failed: return nil
      case .read(let address, let count):
        let found = (0..<count).compactMap { values[Place(space: .holding, address: address + $0)] }
        if found.count == count { discovery.received(found) } else { discovery.refused() }
      }
    }
  }

  /// Blocks that are given in full count as read.
  func fill(_ image: inout RegisterImage, _ blocks: [ReadBlock]) {
    for (index, block) in blocks.enumerated() {
      let found = (0..<block.count).compactMap { values[Place(space: block.space, address: block.start + $0)] }
      guard found.count == block.count else { continue }
      image.blocks[index] = .good
      image.registers.replaceSubrange(block.imageOffset..<block.imageOffset + block.count, with: found)
    }
  }
}
