import DeviceProfile

/// One unit's registers, each asked for once: several profiles read the same ones.
struct UnitReader<Asker: RegisterAsker> {
  var asker: Asker
  private(set) var unit: Int
  private(set) var isOver = false
  /// Questions without an answer, one after the other.
  private var silences = 0
  /// A question that was answered.
  private var answeredOnce: ReadBlock?
  private var known: [Key: ScanAnswer] = [:]

  private struct Key: Hashable {
    var unit: Int
    var space: RegisterSpace
    var start: Int
    var count: Int
  }

  init(_ asker: Asker, unit: Int) {
    self.asker = asker
    self.unit = unit
  }

  mutating func address(unit: Int) { self.unit = unit }

  mutating func read(_ block: ReadBlock, pause: Duration = .zero, timeout: Duration? = nil) -> ScanAnswer {
    if isOver { return .over }
    let key = Key(unit: unit, space: block.space, start: block.start, count: block.count)
    if let answer = known[key] ?? part(of: key) { return answer }
    let answer = asker.ask(block, unit: unit, pause: pause, timeout: timeout)
    switch answer {
    case .over: isOver = true
    case .silent: silences += 1
    case .registers, .refused:
      silences = 0
      answeredOnce = answeredOnce ?? block
    }
    if answer != .over { known[key] = answer }
    return answer
  }

  /// Some devices say nothing where others refuse. One that does not even say again what it said before is gone.
  mutating func isStillThere() -> Bool {
    guard !isOver else { return false }
    guard let answeredOnce else { return silences < Self.longPatience }
    guard silences >= Self.patience else { return true }
    let answer = asker.ask(answeredOnce, unit: unit, pause: .zero, timeout: nil)
    if answer == .over { isOver = true }
    silences = 0
    return answer != .over && answer != .silent
  }

  private static var patience: Int { 6 }
  /// Of a device of which it is not known yet what it answers.
  private static var longPatience: Int { 80 }

  /// All blocks one after the other, as one piece; nil where one of them was not answered.
  mutating func registers(_ blocks: [ReadBlock], rules: ReadingRules = ReadingRules()) -> [UInt16]? {
    var all: [UInt16] = []
    for block in blocks {
      guard case .registers(let words) = read(block, pause: rules.pause, timeout: rules.timeout) else { return nil }
      all += words
    }
    return all
  }

  private func part(of key: Key) -> ScanAnswer? {
    for (other, answer) in known
    where other.unit == key.unit && other.space == key.space && other.start <= key.start
      && key.start + key.count <= other.start + other.count
    {
      guard case .registers(let words) = answer else { continue }
      let first = key.start - other.start
      return .registers(Array(words[first..<first + key.count]))
    }
    return nil
  }

  /// What answered, for somebody who has to write a profile: the first of each.
  var answered: [(block: ReadBlock, words: [UInt16])] {
    known.compactMap { key, answer in
      guard key.unit == unit, case .registers(let words) = answer else { return nil }
      return (ReadBlock(space: key.space, start: key.start, count: key.count), words)
    }.sorted { ($0.0.space.rawValue, $0.0.start) < ($1.0.space.rawValue, $1.0.start) }
  }
}
