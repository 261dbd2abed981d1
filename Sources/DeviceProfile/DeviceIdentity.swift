public import EnergyModel

/// By what a device of the kind that a profile describes can be told from others, for those who look for devices.
public struct DeviceIdentity: Hashable, Sendable {
  /// Registers that say what the device is.
  public struct Mark: Hashable, Sendable {
    public enum Expected: Hashable, Sendable {
      /// One of these raw numbers.
      case numbers(RegisterType, WordOrder, [ClosedRange<UInt64>])
      /// One of these texts; one that ends in `*` stands for all that begin so.
      case texts(length: Int, [String])
    }

    public var address: RegisterAddress
    public var expected: Expected

    public init(_ address: RegisterAddress, _ expected: Expected) {
      self.address = address
      self.expected = expected
    }

    /// Number of registers.
    public var length: Int {
      switch expected {
      case .numbers(let type, _, _): type.width
      case .texts(let length, _): length
      }
    }
  }

  public enum Verdict: Hashable, Sendable {
    /// What the device says.
    case holds(String)
    case differs(String)
  }

  /// All of them have to hold.
  public var marks: [Mark]
  /// What the device's common model (SunSpec) names as its maker, in the form of ``Mark/Expected/texts(length:_:)``;
  /// empty where it may be anybody.
  public var manufacturers: [String]
  /// Profiles of devices that this one is another part of, such as the inverter whose meter it is: both are read from
  /// one unit.
  public var partOf: [String]

  public init(marks: [Mark] = [], manufacturers: [String] = [], partOf: [String] = []) {
    self.marks = marks
    self.manufacturers = manufacturers
    self.partOf = partOf
  }

  public func names(manufacturer: String) -> Bool { Self.fits(manufacturer, manufacturers) }

  static func fits(_ text: String, _ patterns: [String]) -> Bool {
    patterns.contains { $0.hasSuffix("*") ? text.hasPrefix($0.dropLast()) : text == $0 }
  }
}

extension DeviceIdentity.Mark {
  /// - Parameter registers: as many as ``length``.
  public func verdict(_ registers: [UInt16]) -> DeviceIdentity.Verdict {
    switch expected {
    case .numbers(let type, let order, let ranges):
      guard registers.count == type.width else { return .differs("nothing") }
      let raw = registers.withUnsafeBufferPointer { order.bits($0, at: 0, width: type.width) }
      return ranges.contains { $0.contains(raw) } ? .holds("\(raw)") : .differs("\(raw)")
    case .texts(_, let patterns):
      guard let text = TextField.text(registers) else { return .differs("no text") }
      return DeviceIdentity.fits(text, patterns) ? .holds(text) : .differs(text)
    }
  }
}

extension ResolvedProfile {
  /// Where a mark is on this device; nil where it has no such register.
  public func block(of mark: DeviceIdentity.Mark) -> ReadBlock? {
    locator.locate(mark.address, count: mark.length).map {
      ReadBlock(space: $0.space, start: $0.start, count: $0.count)
    }
  }

  /// Points of which the device lacks a register, whatever it would say there.
  public var absentPoints: [Point] {
    profile.points.filter { definition in
      let missing = definition.expanded(on: map).terms.map { term in
        locator.locate(term.field.address, count: term.field.type.width) == nil
      }
      return definition.combination == .first ? missing.allSatisfy { $0 } : missing.contains(true)
    }.map(\.point)
  }
}
