public import DeviceProfile
public import EnergyModel

/// Several polls of a device at which nobody asked anything of it, and what they say.
public struct Survey: Hashable, Sendable {
  public struct Poll: Hashable, Sendable {
    /// Nil where the device was not heard.
    public var sample: Sample?
    public var duration: Duration
    public var trouble: String?

    public init(sample: Sample?, duration: Duration, trouble: String?) {
      self.sample = sample
      self.duration = duration
      self.trouble = trouble
    }
  }

  public var device: DeviceID
  public var polls: [Poll]
  /// Points that control cannot do without.
  public var needed: [Point]

  public init(device: DeviceID, polls: [Poll], needed: [Point]) {
    self.device = device
    self.polls = polls
    self.needed = needed
  }

  public var samples: [Sample] { polls.compactMap(\.sample) }

  /// Reachable, every point read or named as missing, and not standing still.
  public var findings: [Finding] {
    guard !samples.isEmpty else { return [reachable] }
    return [reachable, points] + (stillness.map { [$0] } ?? [])
  }

  private var reachable: Finding {
    let heard = polls.filter { $0.sample != nil }
    let trouble = polls.lazy.compactMap(\.trouble).first ?? "no answer"
    guard heard.count == polls.count else {
      let text =
        heard.isEmpty ? "does not answer: \(trouble)" : "answers \(heard.count) of \(polls.count) polls: \(trouble)"
      return Finding(device, "reachable", .failed, text)
    }
    let times = heard.map { max(1, $0.duration.milliseconds) }.sorted()
    let text = "answers \(heard.count) of \(heard.count) polls, all points in \(times[0])…\(times[times.count - 1]) ms"
    return Finding(device, "reachable", .passed, text)
  }

  /// A point that the device does not have is no fault of it, unless control needs it.
  private var points: Finding {
    var worst: [Point: Quality] = [:]
    var order: [Point] = []
    for reading in samples.flatMap(\.readings) {
      if worst[reading.point] == nil { order.append(reading.point) }
      if worst[reading.point] ?? .good == .good { worst[reading.point] = reading.quality }
    }
    func names(_ quality: (Quality) -> Bool) -> [String] {
      order.filter { quality(worst[$0] ?? .good) }.map { "\($0.rawValue) \((worst[$0] ?? .good).rawValue)" }
    }
    let bad = names { $0 != .good && $0 != .notImplemented }
    let lacking = needed.filter { (worst[$0] ?? .notImplemented) == .notImplemented }.map(\.rawValue)
    let missing = order.filter { worst[$0] == .notImplemented && !needed.contains($0) }.map(\.rawValue)
    let read = order.count - missing.count
    if !lacking.isEmpty {
      return Finding(device, "points", .failed, "lacks what control needs: \(lacking.joined(separator: ", "))")
    }
    if !bad.isEmpty { return Finding(device, "points", .failed, "cannot be relied on: \(bad.joined(separator: ", "))") }
    let without = missing.isEmpty ? "" : "; the device has no \(missing.joined(separator: ", "))"
    return Finding(device, "points", .passed, "\(read) of \(order.count) points read\(without)")
  }

  /// What measures a grid never stands still: its voltage or its frequency moves within seconds. Nil where there is
  /// neither.
  private var stillness: Finding? {
    let moving: [Point] = [.voltageL1, .voltageL2, .voltageL3, .frequency]
    let present = moving.filter { point in samples.allSatisfy { $0.good(point) != nil } }
    guard !present.isEmpty, samples.count > 2 else { return nil }
    let analog = samples[0].readings.map(\.point).filter { $0.summary == .mean }
    let moves = analog.contains { point in
      let values = samples.compactMap { $0.good(point) }
      return values.contains { $0 != values[0] }
    }
    return moves
      ? Finding(device, "live", .passed, "its values move from poll to poll")
      : Finding(
        device, "live", .failed,
        "stands still: in \(samples.count) polls not even \(present.map(\.rawValue).joined(separator: ", ")) changed")
  }

  /// - Parameter reported: what the device says; nil where it has a register that says nothing.
  public static func serialFinding(
    _ device: DeviceID, configured: String?, reported: String?, knowsSerial: Bool
  ) -> Finding {
    guard knowsSerial else {
      return Finding(
        device, "serial", .passed, "its profile knows no serial number: its address alone says which one it is")
    }
    guard let reported else { return Finding(device, "serial", .failed, "reports no serial number") }
    guard let configured else {
      return Finding(
        device, "serial", .failed, "reports \(reported), and none is configured: write serial: \"\(reported)\"")
    }
    return configured == reported
      ? Finding(device, "serial", .passed, "reports \(reported), as configured")
      : Finding(
        device, "serial", .failed, "reports \(reported) where \(configured) is configured: it is another device")
  }

  /// Models in the order of the chain.
  public static func modelsFinding(_ device: DeviceID, _ map: SunSpecMap) -> Finding {
    let models = map.models.map { "\($0.id)" }.joined(separator: ", ")
    return Finding(device, "models", .passed, "SunSpec at register \(map.base) with models \(models)")
  }
}
