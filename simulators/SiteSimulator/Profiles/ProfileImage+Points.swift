public import DeviceProfile
import EnergyModel
import Glibc

/// From values to registers. Points of one field come first, of these the ones whose register tells the sign of others; what
/// several fields make together gets what is left.
extension ProfileImage {
  /// Lays all values out anew. What clients wrote stays.
  mutating func encode() {
    chooseExponents()
    var encoder = PointEncoder(image: self)
    encoder.clear()
    let (simple, combined) = points.reduce(into: ([PointDefinition](), [PointDefinition]())) { split, point in
      if point.terms.count == 1 && point.values.isEmpty { split.0.append(point) } else { split.1.append(point) }
    }
    let signs = Set(points.flatMap(\.terms).compactMap { $0.negative.flatMap { place($0.address) } })
    let flags = simple.filter { point in place(point.terms[0].field.address).map(signs.contains) ?? false }
    for definition in flags + simple.filter({ !flags.contains($0) }) + combined {
      if let value = values[definition.point] { encoder.put(value, definition) }
    }
    cells = encoder.cells
  }

  /// The scale factors that the present values want: as fine as the points are recorded, coarser where a value would
  /// not fit its type. Those that commands use stay, because what clients wrote counts by them.
  private mutating func chooseExponents() {
    for write in profile.commands.flatMap(\.writes) {
      for case .parameter(let kind, let field, let percentOf, _) in write.values {
        fix(field.scale, exponent: percentOf != nil ? -2 : kind == .chargingCurrent ? -1 : 0)
      }
    }
    var wanted: [CellPlace: Int] = [:]
    for definition in points {
      guard let value = values[definition.point] else { continue }
      for term in definition.terms {
        guard case .factor(let address, let times) = term.field.scale, let place = place(address) else { continue }
        let exponent = Self.exponent(
          for: value / times, resolution: definition.point.resolution / abs(times), term.field)
        wanted[place] = max(wanted[place] ?? exponent, exponent)
      }
    }
    for (place, exponent) in wanted where !fixedFactors.contains(place) { exponents[place] = exponent }
    for (place, exponent) in exponents { cells[place] = UInt16(bitPattern: Int16(exponent)) }
  }

  private mutating func fix(_ scale: Scale, exponent: Int) {
    guard case .factor(let address, _) = scale, let place = place(address), exponents[place] == nil else { return }
    exponents[place] = exponent
    fixedFactors.insert(place)
  }

  static func exponent(for value: Double, resolution: Double, _ field: RegisterField) -> Int {
    guard let type = WireType(rawValue: field.type.rawValue) else { return 0 }
    // A tenth of a millionth more, or 0.001 would count as less than 10^-3.
    var exponent = max(-10, Int(floor(log10(resolution) + 1e-7)))
    let limits = type.range.lowerBound + 1...type.range.upperBound - 1
    // What an unsigned field takes of a value below zero is its other direction.
    let value = type.range.lowerBound < 0 ? value : abs(value)
    while exponent < 10, !limits.contains((value / pow(10, Double(exponent))).rounded()) { exponent += 1 }
    return exponent
  }
}

/// Fills the registers of one device.
struct PointEncoder {
  private let image: ProfileImage
  private(set) var cells: RegisterCells
  /// What has its value already.
  private var assigned: Set<CellPlace> = []

  init(image: ProfileImage) {
    self.image = image
    cells = image.cells
  }

  /// "Not implemented" everywhere that nobody wrote.
  mutating func clear() {
    for term in image.points.flatMap(\.terms) {
      guard let place = image.place(term.field.address), !isWritten(place, term.field) else { continue }
      cells.set(term.field.words(absentBits(term.field)), at: place)
      if let negative = term.negative, let place = image.place(negative.address) {
        cells.set(negative.words(0), at: place)
      }
      if let condition = term.condition, let place = image.place(condition.field.address) {
        cells.set(condition.field.words(nobody), at: place)
      }
    }
    // A factor without any value behind it has none either.
    for field in image.readFields {
      guard case .factor(let address, _) = field.scale, let place = image.place(address) else { continue }
      if image.exponents[place] == nil { cells[place] = 0x8000 }
    }
  }

  /// A number that no condition asks for: a repetition that stands for nothing.
  private var nobody: UInt64 {
    let asked = image.points.flatMap(\.terms).flatMap { $0.condition?.numbers ?? [] }
    return asked.contains(0) ? UInt64((asked.max() ?? 0) + 1) : 0
  }

  /// Zero for a part of a register: there is no pattern for it.
  private func absentBits(_ field: RegisterField) -> UInt64 {
    if field.mask != nil { return 0 }
    if let pattern = field.notImplemented.min() { return pattern }
    guard let type = WireType(rawValue: field.type.rawValue) else { return 0 }
    let isFloat = type == .float32 || type == .float64
    return image.profile.isSunSpec || isFloat ? type.absent : 0
  }

  private func isWritten(_ place: CellPlace, _ field: RegisterField) -> Bool {
    (0..<field.type.width).contains { image.written.contains(place.advanced(by: $0)) }
  }

  mutating func put(_ value: Double, _ definition: PointDefinition) {
    var value = value
    if !definition.values.isEmpty {
      guard let code = definition.values.filter({ $0.value == value }).keys.min() else { return }
      value = Double(code)
    }
    let terms = claimed(definition.terms)
    switch definition.combination {
    case .sum: putSum(value, terms)
    case .highest, .lowest: putExtreme(value, terms)
    case .first: if let first = terms.first(where: { image.place($0.field.address) != nil }) { put(value, first) }
    }
  }

  /// Of terms with conditions, for each kind of repetition: those that are of it already, or else the first that is free.
  private mutating func claimed(_ terms: [PointDefinition.Term]) -> [PointDefinition.Term] {
    guard terms.contains(where: { $0.condition != nil }) else { return terms }
    var kinds: [Set<Double>] = []
    for case let condition? in terms.map(\.condition) where !kinds.contains(condition.numbers) {
      kinds.append(condition.numbers)
    }
    return kinds.flatMap { kind in
      let terms = terms.filter { $0.condition?.numbers == kind }
      let claimed = terms.filter { isAssigned($0, as: kind) == true }
      guard claimed.isEmpty, let free = terms.first(where: { isAssigned($0, as: kind) == nil }) else { return claimed }
      claim(free)
      return [free]
    }
  }

  /// Whether a repetition is of a kind; nil while it is of none.
  private func isAssigned(_ term: PointDefinition.Term, as kind: Set<Double>) -> Bool? {
    guard let field = term.condition?.field, let place = image.place(field.address) else { return false }
    guard assigned.contains(place) else { return nil }
    return kind.contains(Double(field.bits(cells.words(at: place, field.type.width) ?? [])))
  }

  private mutating func claim(_ term: PointDefinition.Term) {
    guard let condition = term.condition, let place = image.place(condition.field.address),
      let number = condition.numbers.min()
    else { return }
    cells.set(condition.field.words(UInt64(number)), at: place)
    for offset in 0..<condition.field.type.width { assigned.insert(place.advanced(by: offset)) }
  }

  /// What other points have fixed is taken off; the rest goes into the fields of its sign, coarse ones first.
  private mutating func putSum(_ value: Double, _ terms: [PointDefinition.Term]) {
    var rest = value
    var free: [PointDefinition.Term] = []
    for term in terms {
      if let place = image.place(term.field.address), assigned.contains(place), term.field.mask == nil {
        rest -= number(in: term.field, at: place) * term.sign
      } else {
        free.append(term)
      }
    }
    var chosen = free.filter { ($0.sign * step(of: $0.field) > 0) == (rest >= 0) || $0.negative != nil }
    if chosen.isEmpty { chosen = free }
    for term in free where !chosen.contains(term) { put(0, term) }
    chosen.sort { abs(step(of: $0.field)) > abs(step(of: $1.field)) }
    for (index, term) in chosen.enumerated() {
      guard index < chosen.count - 1 else {
        put(rest, term)
        break
      }
      // Several of one kind share it; a coarser one takes whole steps of it.
      let step = step(of: term.field) * term.sign
      let isCoarser = abs(step) > abs(self.step(of: chosen[index + 1].field))
      let part = isCoarser ? rest : rest / Double(chosen.count - index)
      let share = (part / step).rounded(.down) * step
      put(share, term)
      rest -= share
    }
  }

  /// One field says it. The others say the same, or the least they can where their numbers are words.
  private mutating func putExtreme(_ value: Double, _ terms: [PointDefinition.Term]) {
    guard let speaker = terms.firstIndex(where: { canSay(value, $0) }) else { return }
    for (index, term) in terms.enumerated() {
      let isWords = !term.field.values.isEmpty || term.field.mask != nil
      let least = term.field.values.values.min().map { $0 * term.sign } ?? 0
      put(index == speaker || !isWords ? value : min(value, least), term)
    }
  }

  private func canSay(_ value: Double, _ term: PointDefinition.Term) -> Bool {
    let value = value * term.sign
    if !term.field.values.isEmpty { return term.field.values.values.contains(value) }
    if let mask = term.field.mask { return (0...Double(mask >> UInt64(mask.trailingZeroBitCount))).contains(value) }
    return true
  }

  private mutating func put(_ value: Double, _ term: PointDefinition.Term) {
    let field = term.field
    guard let place = image.place(field.address), !isWritten(place, field) else { return }
    var value = value * term.sign
    if let negative = term.negative, let sign = image.place(negative.address) {
      put(value < 0 ? 1 : 0, negative, at: sign)
      value = abs(value)
    }
    put(rawBits(value, field), field, at: place)
  }

  /// Into the bits that count, the others of the register staying.
  private mutating func put(_ bits: UInt64, _ field: RegisterField, at place: CellPlace) {
    var bits = bits
    if let mask = field.mask {
      let present = assigned.contains(place) ? field.bits(cells.words(at: place, field.type.width) ?? []) : 0
      bits = present & ~mask | bits << UInt64(mask.trailingZeroBitCount) & mask
    }
    cells.set(field.words(bits), at: place)
    for offset in 0..<field.type.width { assigned.insert(place.advanced(by: offset)) }
  }

  /// Held inside the type, and off the pattern that would be taken for "not implemented".
  private func rawBits(_ value: Double, _ field: RegisterField) -> UInt64 {
    if !field.values.isEmpty { return field.values.filter { $0.value == value }.keys.min() ?? 0 }
    guard let type = WireType(rawValue: field.type.rawValue) else { return value == 0 ? 0 : 1 }
    let raw = (value - field.plus) / step(of: field)
    let bits = type.bits(raw)
    guard bits == absentBits(field), bits != 0, type != .float32, type != .float64 else { return bits }
    return type.bits(type.number(bits) < 0 ? type.number(bits) + 1 : type.number(bits) - 1)
  }

  private func number(in field: RegisterField, at place: CellPlace) -> Double {
    guard let type = WireType(rawValue: field.type.rawValue), let words = cells.words(at: place, type.width) else {
      return 0
    }
    return type.number(field.bits(words)) * step(of: field) + field.plus
  }

  private func step(of field: RegisterField) -> Double { image.step(of: field.scale) }
}

extension ProfileImage {
  /// What one more in a field's registers means in the point's unit, at present.
  public func step(of field: RegisterField) -> Double { step(of: field.scale) }

  func step(of scale: Scale) -> Double {
    switch scale {
    case .literal(let step): step
    case .factor(let address, let times): pow(10, Double(place(address).flatMap { exponents[$0] } ?? 0)) * times
    }
  }
}

extension RegisterField {
  func bits(_ words: [UInt16]) -> UInt64 {
    (order == .lowFirst ? words.reversed() : words).reduce(0) { $0 << 16 | UInt64($1) }
  }

  func words(_ bits: UInt64) -> [UInt16] {
    let lowFirst = (0..<type.width).map { UInt16(truncatingIfNeeded: bits >> (16 * UInt64($0))) }
    return order == .lowFirst ? lowFirst : lowFirst.reversed()
  }
}
