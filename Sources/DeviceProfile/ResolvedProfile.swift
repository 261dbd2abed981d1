/// A profile on one particular device: every address absolute.
public struct ResolvedProfile: Sendable {
  public let profile: DeviceProfile
  public let map: SunSpecMap?
  public private(set) var readPlan: ReadPlan
  let locator: RegisterLocator

  /// - Parameter map: the device's models; nil where the profile is not SunSpec.
  public init(_ profile: DeviceProfile, map: SunSpecMap? = nil) {
    self.profile = profile
    self.map = map
    locator = RegisterLocator(map: map)
    readPlan = ReadPlan(profile.points, isSunSpec: profile.isSunSpec, rules: profile.reading, locator)
  }

  /// The same device, read without the requests that it refused.
  public func avoiding(_ refused: RefusedRegisters) -> ResolvedProfile {
    var other = self
    other.readPlan = ReadPlan(
      profile.points, isSunSpec: profile.isSunSpec, rules: profile.reading, locator, avoiding: refused)
    return other
  }

  /// Where the serial number is, in pieces of the permitted length; empty where the device has none.
  public var serialBlocks: [ReadBlock] {
    guard let serial = profile.serial, let span = locator.locate(serial.address, count: serial.length) else {
      return []
    }
    let step = max(1, min(profile.reading.maximumRegisters, 125))
    return stride(from: span.start, to: span.end, by: step).map {
      ReadBlock(space: span.space, start: $0, count: min(step, span.end - $0), imageOffset: $0 - span.start)
    }
  }

  /// The models that the profile uses on this device. While their ID and L stand where they were found,
  /// the map holds.
  public var usedModels: [SunSpecModel] {
    guard let map else { return [] }
    let used = profile.addresses.flatMap { address in
      if case .sunSpec(let address) = address { map.models(address) } else { [SunSpecModel]() }
    }
    return Set(used).sorted { $0.address < $1.address }
  }
}
