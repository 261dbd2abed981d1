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
  init?(_ scale: Scale, _ locator: RegisterLocator, _ layout: BlockLayout) {
    switch scale {
    case .literal(let times):
      factor = nil
      self.times = times
    case .factor(let address, let times):
      guard let position = locator.locate(address, count: 1).flatMap(layout.position(of:)) else { return nil }
      factor = position
      self.times = times
    }
  }

  /// `raw` in the unit of the point.
  @inline(__always)
  func apply(_ raw: Double, _ image: borrowing RegisterImage) -> FieldValue {
    guard let factor else { return .number(raw * times) }
    guard image.blocks[factor.block] == .good else { return .bad(image.blocks[factor.block]) }
    let exponent = Int(Int16(bitPattern: image.registers[factor.offset]))
    guard (-10...10).contains(exponent) else { return .bad(.notImplemented) }
    // Division keeps 2345 × 10^-1 at 234.5, which multiplication by 0.1 would not.
    return .number((exponent < 0 ? raw / Self.powers[-exponent] : raw * Self.powers[exponent]) * times)
  }

  /// The raw number whose value is `value`.
  func invert(_ value: Double, _ image: RegisterImage) -> FieldValue {
    switch apply(1, image) {
    case .bad(let quality): return .bad(quality)
    case .number(0): return .bad(.notImplemented)
    case .number(let step): return .number(value / step)
    }
  }

  private static let powers: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10]
}

/// A field with its place in an image.
struct LocatedField: Hashable, Sendable {
  private var position: BlockLayout.Position
  private var type: RegisterType
  private var width: Int
  private var order: WordOrder
  private var scale: LocatedScale
  private var notImplemented: Set<UInt64>?
  private var reserved: UInt64?

  /// Nil where the device has no such register.
  init?(_ field: RegisterField, isSunSpec: Bool, _ locator: RegisterLocator, _ layout: BlockLayout) {
    guard let position = locator.locate(field.address, count: field.type.width).flatMap(layout.position(of:)),
      let scale = LocatedScale(field.scale, locator, layout)
    else { return nil }
    self.position = position
    type = field.type
    width = field.type.width
    order = field.order
    self.scale = scale
    notImplemented = field.notImplemented.isEmpty ? nil : field.notImplemented
    reserved = isSunSpec ? field.type.sunSpecNotImplemented : nil
  }

  @inline(__always)
  func value(in image: borrowing RegisterImage) -> FieldValue {
    guard image.blocks[position.block] == .good else { return .bad(image.blocks[position.block]) }
    let bits = order.bits(image.registers, at: position.offset, width: width)
    if bits == reserved { return .bad(.notImplemented) }
    if let notImplemented, notImplemented.contains(bits) { return .bad(.notImplemented) }
    guard let raw = type.number(bits) else { return .bad(.notImplemented) }
    return scale.apply(raw, image)
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
