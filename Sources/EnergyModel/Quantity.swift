/// A physical quantity in one fixed unit.
///
/// Sign rule, for every power in Holdfast, at the site's AC busbar: grid import is positive, and so
/// is production and discharge *into* the busbar; the consumption of loads, chargers and heat pumps
/// is positive as consumption. So `grid + Σ sources = Σ consumers`. Battery discharge is positive,
/// charging negative, on the AC and on the DC side. Vendors' signs are turned round in the device
/// profile and nowhere else.
public protocol Quantity: Hashable, Comparable, Codable, Sendable, CustomStringConvertible, AdditiveArithmetic {
  var value: Double { get set }
  init(_ value: Double)
  static var symbol: String { get }
}

extension Quantity {
  public static var zero: Self { Self(0) }
  public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
  public static func + (a: Self, b: Self) -> Self { Self(a.value + b.value) }
  public static func - (a: Self, b: Self) -> Self { Self(a.value - b.value) }
  public static prefix func - (a: Self) -> Self { Self(-a.value) }
  public static func * (a: Self, factor: Double) -> Self { Self(a.value * factor) }
  public static func / (a: Self, divisor: Double) -> Self { Self(a.value / divisor) }
  public static func / (a: Self, b: Self) -> Double { a.value / b.value }
  public var magnitude: Self { Self(value.magnitude) }
  public var description: String { "\(value) \(Self.symbol)" }

  public init(from decoder: any Decoder) throws { self.init(try decoder.singleValueContainer().decode(Double.self)) }
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}

/// Active power, W. See ``Quantity`` for the sign.
public struct Watts: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "W"
}

/// Energy, Wh.
public struct WattHours: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "Wh"
}

/// Electric current, A. Import positive where a direction is known.
public struct Amperes: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "A"
}

/// Voltage, V.
public struct Volts: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "V"
}

/// Temperature, °C.
public struct Celsius: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "°C"
}

/// A share in percent, 0...100 for states of charge.
public struct Percent: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static let symbol = "%"
}
