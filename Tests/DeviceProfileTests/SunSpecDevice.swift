import DeviceProfile

/// The registers of a device, byte by byte as written in a test, and how it answers.
struct SunSpecDevice {
  enum Answer { case registers([UInt16]), exception, silence }

  var registers: [Int: UInt16] = [:]
  /// Reads that touch one of these are swallowed.
  var silent: Set<Int> = []
  /// Reads of more than one register that touch one of these are refused.
  var singly: Set<Int> = []

  init(_ registers: [Int: UInt16] = [:]) { self.registers = registers }

  /// - Parameter bytes: hexadecimal digits, four for each register.
  init(at base: Int, bytes: String) {
    let digits = bytes.filter { !$0.isWhitespace }
    for (index, start) in stride(from: 0, to: digits.count, by: 4).enumerated() {
      let from = digits.index(digits.startIndex, offsetBy: start)
      registers[base + index] = UInt16(digits[from..<digits.index(from, offsetBy: 4)], radix: 16)
    }
  }

  /// A chain of models with these ids and lengths, their points zero.
  init(at base: Int, models: [(Int, Int)], end: [UInt16] = [0xFFFF, 0]) {
    registers = [base: 0x5375, base + 1: 0x6E53]
    var address = base + 2
    for (id, length) in models {
      registers[address] = UInt16(id)
      registers[address + 1] = UInt16(length)
      for offset in 0..<length { registers[address + 2 + offset] = 0 }
      address += 2 + length
    }
    for (offset, value) in end.enumerated() { registers[address + offset] = value }
  }

  func answer(_ address: Int, _ count: Int) -> Answer {
    let asked = address..<address + count
    if asked.contains(where: silent.contains) { return .silence }
    if count > 1, asked.contains(where: singly.contains) { return .exception }
    let found = asked.compactMap { registers[$0] }
    return found.count == count ? .registers(found) : .exception
  }

  /// Walks the chain as a bus would, which goes on after each silence.
  func walk(
    counting: [Int: Set<Int>] = [:], steps: Int = 5000
  ) -> (end: SunSpecDiscovery.Action, silences: Int, reads: [[Int]]) {
    var discovery = SunSpecDiscovery(counting: counting)
    var silences = 0
    var reads: [[Int]] = []
    for _ in 0..<steps {
      guard case .read(let address, let count) = discovery.action else { break }
      reads.append([address, count])
      switch answer(address, count) {
      case .registers(let registers): discovery.received(registers)
      case .exception: discovery.refused()
      case .silence:
        silences += 1
        discovery.timedOut()
      }
    }
    return (discovery.action, silences, reads)
  }

  func map(counting: [Int: Set<Int>] = [:]) -> SunSpecMap? {
    if case .found(let map) = walk(counting: counting).end { map } else { nil }
  }
}
