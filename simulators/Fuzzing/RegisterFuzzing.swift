import DeviceProfile
import EnergyModel

/// The decoder of registers.
enum RegisterFuzzing {
  static let qualities: [Quality] = [.good, .good, .good, .timeout, .exception, .notImplemented]

  /// The profile, a byte a block for how it was read, then the registers.
  static func feed(_ bytes: [UInt8], _ profiles: [DeviceProfile]) throws(FuzzFinding) {
    var bytes = FuzzBytes(bytes)
    guard let profile = bytes.choose(profiles) else { return }
    let resolved = ResolvedProfile(profile)
    var image = resolved.readPlan.emptyImage()
    for index in image.blocks.indices { image.blocks[index] = bytes.choose(qualities) ?? .timeout }
    for index in image.registers.indices { image.registers[index] = bytes.word() }
    try check(resolved, image)
  }

  /// One reading for each point, none of them good that could not be.
  static func check(_ resolved: ResolvedProfile, _ image: RegisterImage) throws(FuzzFinding) {
    let profile = resolved.profile
    try compare(resolved.readPlan.decode(image), of: profile, isHeard: image.blocks.contains(.good))
    if let serial = profile.serial?.text(in: image.registers) {
      try FuzzFinding.require(!serial.isEmpty, "a serial number is an empty text")
    }
  }

  static func compare(_ readings: [Reading], of profile: DeviceProfile, isHeard: Bool) throws(FuzzFinding) {
    let points = readings.map(\.point)
    try FuzzFinding.require(Set(points).count == points.count, "\(profile.name): a point is told twice")
    try FuzzFinding.require(
      Set(points) == Set(profile.points.map(\.point)), "\(profile.name): points are missing or new")
    for reading in readings where reading.quality == .good {
      try FuzzFinding.require(isHeard, "\(reading.point.rawValue) is good, and nothing was read")
      try FuzzFinding.require(
        reading.value.map { $0.isFinite && reading.point.plausibleRange.contains($0) } ?? false,
        "\(reading.point.rawValue) of \(String(describing: reading.value)) is good")
    }
  }
}
