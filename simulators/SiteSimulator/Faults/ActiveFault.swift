/// A fault that is in force, with the device as it was when it began.
struct ActiveFault: Sendable {
  let text: String
  /// Of the order, counted from 1.
  let number: UInt64
  let fault: DeviceFault
  let chance: Double
  /// On the bench's clock; nil is until it is healed.
  let end: Duration?
  let before: any UnitImage
  private var random: Random

  init(
    _ fault: DeviceFault, _ order: FaultOrder, text: String, before: any UnitImage, now: Duration, seed: UInt64,
    number: UInt64
  ) {
    self.text = text
    self.number = number
    self.fault = fault
    self.before = before
    chance = order.chance
    end = order.duration.map { now + $0 }
    // Each order draws its own numbers.
    random = Random(seed: seed, stream: 1000 + number)
  }

  /// Whether it hits this exchange.
  mutating func bites() -> Bool { chance >= 1 || random.unit() < chance }
}

extension ActiveFault {
  /// The answer to a read with what the fault makes of it. Only whole values are bent, however the client cuts its
  /// requests; what cannot be read stays unreadable.
  func bent(_ words: [UInt16], of request: ModbusRequest, live: any UnitImage) -> [UInt16] {
    guard let read = RegisterRead(request) else { return words }
    if case .frozen(nil) = fault { return read.from(before) ?? words }
    guard let (target, bend) = bending, target.space == read.space else { return words }
    let wanted = RegisterRead(target)
    guard target.registers.overlaps(read.registers), let present = wanted.from(live) else { return words }
    var bent = words
    let changed = target.words(bend(target.bits(present), wanted.from(before).map(target.bits)))
    for address in target.registers.clamped(to: read.registers) {
      bent[address - read.registers.lowerBound] = changed[address - target.address]
    }
    return bent
  }

  /// What becomes of the bits at present, with those of when it began (nil where they could not be read).
  private typealias Bend = (_ present: UInt64, _ before: UInt64?) -> UInt64

  private var bending: (RegisterTarget, Bend)? {
    switch fault {
    case .frozen(let target?): (target, { $1 ?? $0 })
    case .sentinel(let target, let raw): (target, { _, _ in raw ?? target.type.absent })
    case .signFlip(let target): (target, { present, _ in target.type.bits(-target.type.number(present)) })
    case .spike(let target, let factor):
      (target, { present, _ in target.type.bits(target.type.number(present) * factor) })
    case .wordSwap(let target):
      (target, { present, _ in target.bits(target.words(present).reversed()) })
    case .counterReset(let target):
      (
        target,
        { present, before in
          target.type.bits(target.type.number(present) - (before.map(target.type.number) ?? 0))
        }
      )
    default: nil
    }
  }
}

/// Registers that a client reads, in one of the spaces that hold numbers.
struct RegisterRead {
  let space: RegisterTarget.Space
  let registers: Range<Int>

  init?(_ request: ModbusRequest) {
    switch request {
    case .readHolding(let address, let count): (space, registers) = (.holding, address..<address + count)
    case .readInput(let address, let count): (space, registers) = (.input, address..<address + count)
    default: return nil
    }
  }

  init(_ target: RegisterTarget) { (space, registers) = (target.space, target.registers) }

  private var request: ModbusRequest {
    space == .holding
      ? .readHolding(address: registers.lowerBound, count: registers.count)
      : .readInput(address: registers.lowerBound, count: registers.count)
  }

  /// Nil where the device refuses.
  func from(_ image: any UnitImage) -> [UInt16]? {
    var image = image
    guard case .registers(let words) = try? image.answer(request) else { return nil }
    return words
  }
}

extension ModbusRequest {
  var isWrite: Bool {
    switch self {
    case .writeCoil, .writeRegister, .writeCoils, .writeRegisters: true
    case .readCoils, .readDiscrete, .readHolding, .readInput: false
    }
  }
}
