/// What somebody asks of the bench: `DEVICE FAULT [ARGUMENTS] [for SECONDS] [chance SHARE]`, or `DEVICE heal`, which
/// ends all that was asked of the device before.
///
///     meter silence for 30
///     inverter delay 1.5 chance 0.2
///     meter spike power_w 40
///     meter frozen input:52:float32
///     inverter heal
///
/// Arguments: `delay`, `drip` and `revert-writes` take seconds, `short` a number of bytes (2), `exception` its code;
/// `frozen` takes a register or nothing, `sentinel` a register and raw bits such as `0x7FFF` (SunSpec's), `spike` a
/// register and a factor (10), `sign-flip`, `word-swap` and `counter-reset` a register. A register is a point's name
/// where the device knows it, or `holding:ADDRESS:TYPE` (or `input:…`), with `:low-first` where the low word comes first.
public struct FaultOrder: Hashable, Sendable {
  public var device: String
  /// Nil heals.
  public var fault: DeviceFault?
  /// Nil is until it is healed.
  public var duration: Duration?
  /// How often it bites, 0...1 of the exchanges.
  public var chance: Double

  public init(device: String, fault: DeviceFault?, duration: Duration? = nil, chance: Double = 1) {
    self.device = device
    self.fault = fault
    self.duration = duration
    self.chance = chance
  }

  /// Why an order is none, or cannot be carried out.
  public struct Refusal: Error, Hashable, Sendable {
    public var reason: String

    public init(_ reason: String) { self.reason = reason }
  }

  /// - Parameter register: the register behind a point's name on a device; nil where it has none.
  public init(
    _ text: String, register: @escaping (_ device: String, _ point: String) -> RegisterTarget?
  ) throws(Refusal) {
    var words = text.split(whereSeparator: \.isWhitespace).map(String.init)[...]
    guard let device = words.popFirst(), let name = words.popFirst() else {
      throw Refusal("expected DEVICE FAULT, such as: meter silence for 30")
    }
    self.init(device: device, fault: nil)
    if name != "heal" {
      var arguments: [String] = []
      while let word = words.first, word != "for", word != "chance" {
        arguments.append(word)
        words.removeFirst()
      }
      fault = try FaultWords(name: name, arguments: arguments) { register(device, $0) }.fault()
    }
    try takeEnding(&words)
    if let word = words.first { throw Refusal("'\(word)' is not understood") }
  }

  private mutating func takeEnding(_ words: inout ArraySlice<String>) throws(Refusal) {
    while fault != nil, let word = words.first, word == "for" || word == "chance" {
      words.removeFirst()
      let number = words.popFirst().flatMap(Double.init)
      if word == "for" {
        guard let number, (0.1...86_400).contains(number) else { throw Refusal("for takes 0.1 to 86400 seconds") }
        duration = .milliseconds(Int64(number * 1000))
      } else {
        guard let number, number > 0, number <= 1 else { throw Refusal("chance lies above 0 and up to 1") }
        chance = number
      }
    }
  }
}

/// A fault's name and what follows it.
struct FaultWords {
  let name: String
  let arguments: [String]
  let register: (String) -> RegisterTarget?

  private typealias Refusal = FaultOrder.Refusal

  static let names = [
    "silence", "delay", "drip", "late", "stale", "wrong-transaction", "wrong-unit", "short", "bad-crc", "exception",
    "disconnect", "refuse-second", "frozen", "sentinel", "sign-flip", "spike", "word-swap", "counter-reset",
    "ignore-writes", "revert-writes", "nonsense", "heal",
  ]

  func fault() throws(FaultOrder.Refusal) -> DeviceFault {
    guard Self.names.contains(name) else {
      throw Refusal("there is no fault '\(name)'; there are \(Self.names.joined(separator: ", "))")
    }
    if let plain = Self.plain[name] {
      try expect(0...0, "no argument")
      return plain
    }
    switch name {
    case "delay": return .delay(try seconds(0.001...600))
    case "drip": return .drip(try seconds(0.001...10))
    case "revert-writes": return .revertWrites(after: try seconds(0.1...86_400))
    case "short": return .short(bytes: try whole(1...255, orElse: 2))
    case "exception": return .exception(UInt8(try whole(1...255, orElse: nil)))
    default: return try valueFault()
    }
  }

  private static let plain: [String: DeviceFault] = [
    "silence": .silence, "late": .late, "stale": .stale, "wrong-transaction": .wrongTransaction,
    "wrong-unit": .wrongUnit, "bad-crc": .badCRC, "disconnect": .disconnect, "refuse-second": .refuseSecond,
    "ignore-writes": .ignoreWrites, "nonsense": .nonsense,
  ]

  private func valueFault() throws(FaultOrder.Refusal) -> DeviceFault {
    if name == "frozen", arguments.isEmpty { return .frozen(nil) }
    try expect(1...(name == "spike" || name == "sentinel" ? 2 : 1), "a register")
    let target = try target(arguments[0])
    let second = arguments.count > 1 ? arguments[1] : nil
    switch name {
    case "frozen": return .frozen(target)
    case "sign-flip": return .signFlip(target)
    case "word-swap":
      guard target.type.width > 1 else { throw Refusal("one word has no order") }
      return .wordSwap(target)
    case "counter-reset": return .counterReset(target)
    case "sentinel":
      guard let second else { return .sentinel(target, raw: nil) }
      let digits = second.hasPrefix("0x") ? UInt64(second.dropFirst(2), radix: 16) : UInt64(second)
      let most = UInt64.max >> (64 - 16 * UInt64(target.type.width))
      guard let raw = digits, raw <= most else { throw Refusal("'\(second)' are no bits of \(target.type.rawValue)") }
      return .sentinel(target, raw: raw)
    default:
      let factor = second.map(Double.init) ?? 10
      guard let factor, factor.isFinite else { throw Refusal("a spike takes a factor, not '\(second ?? "")'") }
      return .spike(target, factor: factor)
    }
  }

  private func target(_ text: String) throws(FaultOrder.Refusal) -> RegisterTarget {
    if let known = register(text) { return known }
    let pieces = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard pieces.count == 3 || (pieces.count == 4 && pieces[3] == "low-first"),
      let space = RegisterTarget.Space(rawValue: pieces[0]), let address = Int(pieces[1]),
      let type = WireType(rawValue: pieces[2]), address >= 0, address + type.width <= 65_536
    else {
      throw Refusal("'\(text)' is neither a point of the device nor a register such as holding:40071:int16")
    }
    return RegisterTarget(space, address, type, isLowFirst: pieces.count == 4)
  }

  private func seconds(_ range: ClosedRange<Double>) throws(FaultOrder.Refusal) -> Duration {
    try expect(1...1, "seconds")
    guard let number = Double(arguments[0]), range.contains(number) else {
      throw Refusal("\(name) takes \(range.lowerBound) to \(range.upperBound) seconds, not '\(arguments[0])'")
    }
    return .microseconds(Int64(number * 1e6))
  }

  private func whole(_ range: ClosedRange<Int>, orElse usual: Int?) throws(FaultOrder.Refusal) -> Int {
    if arguments.isEmpty, let usual { return usual }
    try expect(1...1, "a number")
    guard let number = Int(arguments[0]), range.contains(number) else {
      throw Refusal("\(name) takes \(range.lowerBound) to \(range.upperBound), not '\(arguments[0])'")
    }
    return number
  }

  private func expect(_ count: ClosedRange<Int>, _ what: String) throws(FaultOrder.Refusal) {
    guard count.contains(arguments.count) else { throw Refusal("\(name) takes \(what)") }
  }
}

/// Faults by time: lines `SECONDS DEVICE FAULT …` as in ``FaultOrder``; `#` begins a comment.
public struct FaultScript: Hashable, Sendable {
  public struct Line: Hashable, Sendable {
    /// Since the start.
    public var second: Double
    public var number: Int
    public var order: String
  }

  public var lines: [Line] = []

  public struct Malformed: Error, Hashable {
    public var line: Int
    public var reason: String

    public init(line: Int, reason: String) {
      self.line = line
      self.reason = reason
    }
  }

  public init(_ text: String) throws(Malformed) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.prefix { $0 != "#" }.split(maxSplits: 1, whereSeparator: \.isWhitespace)
      if words.isEmpty { continue }
      guard words.count == 2, let second = Double(words[0]), second.isFinite, second >= (lines.last?.second ?? 0) else {
        throw Malformed(line: index + 1, reason: "expected SECONDS DEVICE FAULT, later than the line before")
      }
      lines.append(Line(second: second, number: index + 1, order: String(words[1])))
    }
  }
}
