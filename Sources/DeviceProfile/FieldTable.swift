import EnergyModel

/// A number, or why there is none.
enum FieldValue: Hashable, Sendable {
  case number(Double)
  case bad(Quality)
}

/// A scale whose factor register, if any, has its place in an image.
struct LocatedScale: Hashable, Sendable {
  private var factor: BlockLayout.Position?
  private var times: Double

  /// Nil where the device lacks the factor's register: without a factor there is no value.
  /// - Parameter value: what it scales, if it is read.
  init?(_ scale: Scale, _ locator: RegisterLocator, _ layout: BlockLayout, beside value: RegisterSpan? = nil) {
    switch scale {
    case .literal(let times):
      factor = nil
      self.times = times
    case .factor(let address, let times):
      guard let span = locator.locate(address, count: 1), let position = layout.position(of: span, beside: value)
      else { return nil }
      factor = position
      self.times = times
    }
  }

  /// `raw` in the unit of the point.
  @inline(__always)
  func apply(
    _ raw: Double, _ registers: UnsafeBufferPointer<UInt16>, _ blocks: UnsafeBufferPointer<Quality>
  ) -> FieldValue {
    guard let factor else { return .number(raw * times) }
    guard blocks[factor.block] == .good else { return .bad(blocks[factor.block]) }
    let exponent = Int(Int16(bitPattern: registers[factor.offset]))
    guard (-10...10).contains(exponent) else { return .bad(.notImplemented) }
    // Division keeps 2345 × 10^-1 at 234.5, which multiplication by 0.1 would not.
    return .number((exponent < 0 ? raw / Self.powers[-exponent] : raw * Self.powers[exponent]) * times)
  }

  /// The raw number whose value is `value`.
  func invert(_ value: Double, _ image: RegisterImage) -> FieldValue {
    let step = image.registers.withUnsafeBufferPointer { registers in
      image.blocks.withUnsafeBufferPointer { apply(1, registers, $0) }
    }
    switch step {
    case .bad(let quality): return .bad(quality)
    case .number(0): return .bad(.notImplemented)
    case .number(let step): return .number(value / step)
    }
  }

  private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]
}

/// Fields with their places in an image. They are plain memory, kept apart from the patterns that their
/// profile names, because thousands of them are decoded a second.
struct FieldTable: Hashable, Sendable {
  fileprivate struct LocatedField: Hashable, Sendable {
    var position: BlockLayout.Position
    var type: RegisterType
    var width: Int
    var order: WordOrder
    var scale: LocatedScale
    /// SunSpec's own pattern for "not implemented".
    var reserved: UInt64?
    /// The profile's patterns, in ``FieldTable/markers``.
    var markers: Range<Int>
    var mask: UInt64?
    var plus: Double
    /// In ``FieldTable/tables``.
    var table: Int?
  }

  private var fields: [LocatedField] = []
  private var markers: [UInt64] = []
  private var tables: [[UInt64: Double]] = []

  /// The index of the new field; nil where the device has no such register.
  mutating func add(
    _ field: RegisterField, isSunSpec: Bool, _ locator: RegisterLocator, _ layout: BlockLayout
  ) -> Int? {
    guard let span = locator.locate(field.address, count: field.type.width),
      let position = layout.position(of: span, beside: field.scale.spans(locator).first),
      let scale = LocatedScale(field.scale, locator, layout, beside: span)
    else { return nil }
    let first = markers.count
    markers += field.notImplemented.sorted()
    if !field.values.isEmpty { tables.append(field.values) }
    fields.append(
      LocatedField(
        position: position, type: field.type, width: field.type.width, order: field.order, scale: scale,
        reserved: isSunSpec ? field.type.sunSpecNotImplemented : nil, markers: first..<markers.count,
        mask: field.mask, plus: field.plus, table: field.values.isEmpty ? nil : tables.count - 1))
    return fields.count - 1
  }

  func value(of index: Int, in image: RegisterImage) -> FieldValue { withReader(image) { $0.value(of: index) } }

  /// Gives access to the values of one image without the bookkeeping of arrays, which would cost more
  /// than the decoding.
  func withReader<Result>(_ image: RegisterImage, _ body: (Reader) -> Result) -> Result {
    fields.withUnsafeBufferPointer { fields in
      image.registers.withUnsafeBufferPointer { registers in
        image.blocks.withUnsafeBufferPointer { blocks in
          body(Reader(fields: fields, markers: markers, tables: tables, registers: registers, blocks: blocks))
        }
      }
    }
  }

  struct Reader {
    fileprivate let fields: UnsafeBufferPointer<LocatedField>
    fileprivate let markers: [UInt64]
    fileprivate let tables: [[UInt64: Double]]
    fileprivate let registers: UnsafeBufferPointer<UInt16>
    fileprivate let blocks: UnsafeBufferPointer<Quality>

    @inline(__always)
    func value(of index: Int) -> FieldValue {
      let field = fields[index]
      guard blocks[field.position.block] == .good else { return .bad(blocks[field.position.block]) }
      var bits = field.order.bits(registers, at: field.position.offset, width: field.width)
      if bits == field.reserved { return .bad(.notImplemented) }
      if !field.markers.isEmpty, markers[field.markers].contains(bits) { return .bad(.notImplemented) }
      if let mask = field.mask { bits = (bits & mask) >> UInt64(mask.trailingZeroBitCount) }
      if let table = field.table { return tables[table][bits].map { .number($0) } ?? .bad(.outOfRange) }
      guard let raw = field.type.number(bits) else { return .bad(.notImplemented) }
      let value = field.scale.apply(raw, registers, blocks)
      guard field.plus != 0, case .number(let number) = value else { return value }
      return .number(number + field.plus)
    }
  }
}

extension RegisterField {
  /// What has to be read for its value: its registers and those of its scale factor.
  func spans(_ locator: RegisterLocator) -> [RegisterSpan] {
    [locator.locate(address, count: type.width)].compactMap { $0 } + scale.spans(locator)
  }
}

extension Scale {
  func spans(_ locator: RegisterLocator) -> [RegisterSpan] {
    guard case .factor(let address, _) = self else { return [] }
    return [locator.locate(address, count: 1)].compactMap { $0 }
  }
}
