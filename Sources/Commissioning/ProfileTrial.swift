import DeviceProfile
import EnergyModel

/// What one unit answered to the questions of one profile.
struct ProfileTrial {
  enum Mark: Hashable {
    case holds(String, at: String)
    case differs(String)
    case unreadable
  }

  var profile: DeviceProfile
  var unit: Int
  var marks: [Mark] = []
  /// The device's common model names a maker that the profile asks for.
  var isNamedMaker = false
  /// Models of the device that the profile speaks of.
  var modelCount = 0
  /// Points whose models the device lacks.
  var absent: [Point] = []
  var answered = 0
  var refused = 0
  var silent = 0
  var readings: [Reading] = []
  var serial: String?

  init(_ profile: DeviceProfile, unit: Int) {
    self.profile = profile
    self.unit = unit
  }

  /// Something says that it is another device.
  var isRefuted: Bool { marks.contains { if case .differs = $0 { true } else { false } } }

  /// The device says itself that it is of this kind.
  var isProven: Bool {
    guard !marks.isEmpty || isNamedMaker else { return false }
    return marks.allSatisfy { if case .holds = $0 { true } else { false } }
  }

  /// The standard says what its registers mean, and what matters of them is there.
  var isDefinedByModels: Bool {
    profile.isSunSpec && answered == blocks && absent.count * 2 <= profile.points.count
      && [Point.power, .batteryPower, .soc].contains { value($0) != nil }
  }

  var blocks: Int { answered + refused + silent }

  func value(_ point: Point) -> Double? { readings.first { $0.point == point && $0.quality == .good }?.value }

  /// Reads what tells the device from others.
  mutating func readMarks<Asker>(_ resolved: ResolvedProfile, maker: String?, from reader: inout UnitReader<Asker>) {
    marks = profile.identity.marks.map { mark in
      guard let block = resolved.block(of: mark) else { return .unreadable }
      guard case .registers(let words) = reader.read(block, pause: profile.reading.pause) else { return .unreadable }
      switch mark.verdict(words) {
      case .holds(let text): return .holds(text, at: "\(block.space.rawValue) \(block.start)")
      case .differs(let text): return .differs(text)
      }
    }
    guard !profile.identity.manufacturers.isEmpty else { return }
    isNamedMaker = maker.map(profile.identity.names) ?? false
    if !isNamedMaker { marks.append(.differs(maker ?? "no maker")) }
  }

  /// Reads all points, or as many as it takes to see that the device has other registers.
  mutating func readPoints<Asker>(_ resolved: ResolvedProfile, from reader: inout UnitReader<Asker>) {
    absent = resolved.absentPoints
    modelCount = resolved.usedModels.count
    let plan = resolved.readPlan
    var image = plan.emptyImage()
    let timeout = isProven ? profile.reading.timeout : nil
    for (index, block) in plan.blocks.enumerated() {
      switch reader.read(block, pause: profile.reading.pause, timeout: timeout) {
      case .registers(let words):
        answered += 1
        image.registers.replaceSubrange(block.imageOffset..<block.imageOffset + block.count, with: words)
        image.blocks[index] = .good
      case .refused: refused += 1
      case .silent: silent += 1
      case .over: return
      }
      // Not this one.
      if !isProven, refused + 2 * silent >= 2 + 2 * answered { return }
    }
    readings = plan.decode(image)
    serial = reader.registers(resolved.serialBlocks, rules: profile.reading).flatMap { profile.serial?.text(in: $0) }
  }
}
