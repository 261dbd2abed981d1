import EnergyModel

/// When each load was switched, as its relay read back. Lost memory counts as switched just now.
struct SwitchHistory: Hashable, Sendable {
  struct Record: Hashable, Sendable {
    var isOn: Bool?
    var changed: MonotonicInstant
    /// Within the last hour, oldest first.
    var starts: [MonotonicInstant]

    func observed(_ isOn: Bool, at now: MonotonicInstant) -> Record {
      var record = self
      if let before = record.isOn, before != isOn {
        record.changed = now
        if isOn { record.starts.append(now) }
      }
      record.isOn = isOn
      record.starts.removeAll { now - $0 >= SwitchHistory.hour }
      return record
    }
  }

  private static let hour: Duration = .seconds(3600)
  /// Minutes since a change that still matter to a load's minimum times.
  private let relevantMinutes: FlatMap<DeviceID, Int64>
  private(set) var records: FlatMap<DeviceID, Record> = [:]
  /// What was switched off, the longest ago first: the next in turn among equals.
  private(set) var turns: [DeviceID]
  private var blocked: Set<DeviceID> = []
  private var seenPumps: Set<DeviceID> = []
  /// Nil while the records are others than what was saved.
  private var savedAt: MonotonicInstant?
  private var told: FlatMap<DeviceID, Line> = [:]

  /// What the text of a record is made of.
  private struct Line: Hashable, Sendable {
    var isOn: Bool
    /// Minutes since the change and since each start.
    var changed: Int64
    var starts: [Int64]
  }

  init(_ loads: [SiteParameters.SheddableLoad], saved: SavedMemory, at now: MonotonicInstant) {
    var relevantMinutes = FlatMap<DeviceID, Int64>()
    for load in loads {
      let minutes = Int64((max(load.minimumOn, load.minimumOff).seconds / 60).rounded(.up))
      relevantMinutes[load.device] = max(minutes, relevantMinutes[load.device] ?? minutes)
    }
    self.relevantMinutes = relevantMinutes
    turns = (saved["turns"] ?? "").split(separator: " ").map { DeviceID(String($0)) }
    for load in loads {
      let text = saved[SavedMemory.key("switch", load.device.name)]
      let worst = Array(repeating: now, count: load.startsAnHour ?? 0)
      records[load.device] =
        text.flatMap { Self.record($0, at: now) } ?? Record(isOn: nil, changed: now, starts: worst)
    }
  }

  mutating func observe(_ view: SiteView) {
    let now = view.now.monotonic
    for relay in view.relays {
      guard let isOn = relay.isOn, let record = records[relay.device] else { continue }
      if record.isOn == isOn, record.starts.first.map({ now - $0 < Self.hour }) ?? true { continue }
      if record.isOn == true, !isOn { putLast(relay.device) }
      records[relay.device] = record.observed(isOn, at: now)
      savedAt = nil
    }
    for pump in view.heatPumps {
      guard let state = pump.state else { continue }
      if state == 1 {
        if blocked.insert(pump.device).inserted, seenPumps.contains(pump.device) { putLast(pump.device) }
      } else if !blocked.isEmpty {
        blocked.remove(pump.device)
      }
      seenPumps.insert(pump.device)
    }
  }

  /// For planning without the agent's memory: nothing was switched within any minimum time.
  mutating func forgetTimes(at now: MonotonicInstant) {
    records = records.mapValues { _ in Record(isOn: nil, changed: now - .seconds(2 * 86_400), starts: []) }
  }

  /// 0 for what was never switched off; otherwise the higher, the later that was.
  func turn(_ device: DeviceID) -> Int { turns.firstIndex(of: device).map { $0 + 1 } ?? 0 }

  private mutating func putLast(_ device: DeviceID) {
    turns.removeAll { $0 == device }
    turns.append(device)
    savedAt = nil
  }

  /// What is left of a minimum time that began with the last switching; zero when it is over.
  func remaining(of minimum: Duration, _ device: DeviceID, at now: MonotonicInstant) -> Duration {
    guard let record = records[device] else { return minimum }
    return max(.zero, minimum - (now - record.changed))
  }

  /// How long until one more start stays within `limit` an hour; zero when at once.
  func wait(forStartsAnHour limit: Int, _ device: DeviceID, at now: MonotonicInstant) -> Duration {
    guard let starts = records[device]?.starts, starts.count >= limit, limit > 0 else { return .zero }
    return max(.zero, Self.hour - (now - starts[starts.count - limit]))
  }

  /// `on 12 starts 3 45`: the state, minutes since the change, minutes since each start. True when something in it
  /// is another than before; ages alone are looked at once a minute.
  mutating func save(into memory: inout SavedMemory, at now: MonotonicInstant) -> Bool {
    if let savedAt, now - savedAt < SavedMemory.unit { return false }
    savedAt = now
    var isChanged = false
    if !turns.isEmpty {
      isChanged = memory.replace("turns", with: turns.map(\.name).joined(separator: " "))
    }
    for (device, record) in records {
      guard let isOn = record.isOn else { continue }
      let changed = SavedMemory.minutes(since: record.changed, at: now, cap: relevantMinutes[device] ?? 0)
      let starts = record.starts.map { SavedMemory.minutes(since: $0, at: now, cap: 60) }
      let line = Line(isOn: isOn, changed: changed, starts: starts)
      if told[device] == line { continue }
      told[device] = line
      let text = "\(isOn ? "on" : "off") \(changed) starts\(starts.map { " \($0)" }.joined())"
      if memory.replace(SavedMemory.key("switch", device.name), with: text) { isChanged = true }
    }
    return isChanged
  }

  private static func record(_ text: Substring, at now: MonotonicInstant) -> Record? {
    let words = text.split(separator: " ")
    guard words.count >= 3, words[0] == "on" || words[0] == "off", words[2] == "starts" else { return nil }
    let ages = ([words[1]] + words[3...]).compactMap { Int64($0).flatMap { (0...100_000).contains($0) ? $0 : nil } }
    guard ages.count == words.count - 2 else { return nil }
    let instants = ages.map { now - .seconds($0 * 60) }
    return Record(isOn: words[0] == "on", changed: instants[0], starts: Array(instants[1...]))
  }
}
