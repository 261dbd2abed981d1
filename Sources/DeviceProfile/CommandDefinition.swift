public import EnergyModel

/// What can be asked of a device: setpoints that it takes together.
public struct CommandDefinition: Hashable, Sendable {
  public var name: String
  public var parameters: [SetpointKind]
  /// What the device does when it is no longer refreshed.
  public var onExpiry: SetpointExpiry
  /// The device's own timer, nil where it has none: written along as ``WriteValue/reversionTime``, or fixed by its vendor.
  public var reversion: Duration?
  /// The device's timer begins anew with every request, reading too: it only runs out where nobody asks anything.
  public var isResetByReading = false
  /// Of registers backed by flash: how many writes they bear a day. They are written on change only. Nil where writing
  /// wears nothing.
  public var writesADay: Int?
  /// How far these registers can be relied on; nil as far as the profile's others.
  public var confidence: DeviceProfile.Confidence?
  /// The point that shows what the command does, where nothing reads back what was written.
  public var effect: Point?
  /// In this order, each as one transfer.
  public var writes: [RegisterWrite]

  public init(
    name: String, parameters: [SetpointKind], onExpiry: SetpointExpiry, reversion: Duration?, writes: [RegisterWrite]
  ) {
    self.name = name
    self.parameters = parameters
    self.onExpiry = onExpiry
    self.reversion = reversion
    self.writes = writes
  }
}

extension CommandDefinition {
  /// Whether there is a write for these values; what no write belongs to is refused.
  public func takes(_ values: [SetpointKind: Double]) -> Bool {
    let conditional = writes.filter { !$0.only.isEmpty }
    return conditional.isEmpty || conditional.contains { $0.belongs(to: values) }
  }

  /// Whether the device is told the same by these values as by those: to it there is no difference.
  public func tells(_ values: [SetpointKind: Double], as others: [SetpointKind: Double]) -> Bool {
    told(values) == told(others)
  }

  /// Whether a battery takes limits, which leave it a choice within them. False where it is told a power, and is left to
  /// itself by limits above zero however low they are.
  public var takesBatteryLimits: Bool {
    guard takes([.chargeLimit: 1, .dischargeLimit: 0]) else { return false }
    let loose: [SetpointKind: Double] = [.chargeLimit: 2000, .dischargeLimit: 2000]
    return loose.keys.filter(parameters.contains).allSatisfy { kind in
      !tells(loose.merging([kind: 1000]) { $1 }, as: loose)
    }
  }

  private struct Told: Equatable {
    var start: RegisterAddress
    var values: [WriteValue]
    /// Of each value that is a setpoint, in its unit.
    var setpoints: [Double?]
  }

  private func told(_ values: [SetpointKind: Double]) -> [Told] {
    writes.filter { $0.belongs(to: values) }.map { write in
      Told(
        start: write.start, values: write.values,
        setpoints: write.values.map { if case .parameter(let kind, _, _, _) = $0 { values[kind] } else { nil } })
    }
  }
}

/// Consecutive registers (or coils) written in one transfer, and read back afterwards.
public struct RegisterWrite: Hashable, Sendable {
  public enum Function: String, Hashable, Sendable {
    /// FC16 for registers, FC05 or FC15 for coils.
    case multiple
    /// FC06: one register. Some devices know no other.
    case single
  }

  /// How the device shows what it took.
  public enum ReadBack: Hashable, Sendable {
    /// The same registers can be read.
    case same
    /// Another register shows the one value of the write, as the same whole number.
    case field(RegisterField)
    /// Nothing shows it but its effect.
    case nowhere
  }

  /// A write that is left out while the device shows that there is no need for it.
  public struct Exemption: Hashable, Sendable {
    public var field: RegisterField
    /// As unsigned bits of the type's width.
    public var raw: [UInt64]

    public init(_ field: RegisterField, raw: [UInt64]) {
      self.field = field
      self.raw = raw
    }
  }

  public var start: RegisterAddress
  public var values: [WriteValue]
  public var function: Function
  public var readBack: ReadBack
  /// A setting that the device keeps: it is read first and written only where it differs.
  public var isKept: Bool
  /// The values of the command's parameters that it belongs to; empty for all.
  public var only: [SetpointKind: ClosedRange<Double>]
  public var unless: Exemption?
  /// A device's timer that one write in so long keeps going: it is left out while the last one is younger.
  public var every: Duration?

  public init(
    start: RegisterAddress, values: [WriteValue], function: Function = .multiple, readBack: ReadBack = .same,
    isKept: Bool = false, only: [SetpointKind: ClosedRange<Double>] = [:], unless: Exemption? = nil,
    every: Duration? = nil
  ) {
    self.start = start
    self.values = values
    self.function = function
    self.readBack = readBack
    self.isKept = isKept
    self.only = only
    self.unless = unless
    self.every = every
  }

  func belongs(to setpoints: [SetpointKind: Double]) -> Bool {
    only.allSatisfy { kind, range in setpoints[kind].map(range.contains) ?? false }
  }

  /// Whether it sets the device's timer and no setpoint along with it.
  var isTimer: Bool {
    values.contains(.reversionTime)
      && !values.contains { if case .parameter = $0 { true } else { false } }
  }
}

/// One value of a write.
public enum WriteValue: Hashable, Sendable {
  case constant(UInt16)
  /// The device's reversion time in whole seconds, one register.
  case reversionTime
  /// The current that a charger falls back to, A, which the site's configuration says
  /// (``DeviceProfile/configured(failsafeCurrent:)``).
  case failsafeCurrent(field: RegisterField)
  /// A setpoint. With `percentOf`, the setpoint in watts is written as percent of that field's value,
  /// held within 0...100. With `atMost` it is held within what that field tells, in the setpoint's unit: the device
  /// refuses more. `field.address` is ignored: the position follows from the write.
  case parameter(
    SetpointKind, field: RegisterField, percentOf: RegisterField? = nil, atMost: RegisterField? = nil)
}

extension DeviceProfile {
  /// Whether a command writes a failsafe current along.
  public var takesFailsafeCurrent: Bool {
    commands.contains { command in
      command.writes.contains { $0.values.contains { if case .failsafeCurrent = $0 { true } else { false } } }
    }
  }

  /// The profile with the site's failsafe current, A, in its commands.
  public func configured(failsafeCurrent current: Double) -> DeviceProfile {
    var profile = self
    for command in commands.indices {
      for write in commands[command].writes.indices {
        profile.commands[command].writes[write].values = commands[command].writes[write].values.map { value in
          guard case .failsafeCurrent(let field) = value, case .literal(let scale) = field.scale,
            let raw = UInt16(exactly: (current / scale).rounded())
          else { return value }
          return .constant(raw)
        }
      }
    }
    return profile
  }
}
