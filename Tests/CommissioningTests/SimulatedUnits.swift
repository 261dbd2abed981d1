import Commissioning
import DeviceProfile
import EnergyModel
import Foundation
import SiteConfig
import SiteSimulator

/// Devices as their profiles describe them, asked without a wire.
struct SimulatedUnits: RegisterAsker {
  /// Several are parts of one device: who knows the registers answers.
  var images: [Int: [ProfileImage]]
  /// One device that looks at no unit.
  var ignoresUnits = false
  /// What they do not know is not answered at all.
  var isSilent = false
  /// Nobody may ask any more after so many questions.
  var most = Int.max
  private(set) var questions: [(block: ReadBlock, unit: Int)] = []

  init(_ images: [Int: ProfileImage], ignoresUnits: Bool = false) {
    self.images = images.mapValues { [$0] }
    self.ignoresUnits = ignoresUnits
  }

  mutating func ask(_ block: ReadBlock, unit: Int, pause: Duration, timeout: Duration?) -> ScanAnswer {
    guard questions.count < most else { return .over }
    questions.append((block, unit))
    let unit = ignoresUnits ? images.keys.first ?? unit : unit
    guard let parts = images[unit] else { return .silent }
    var refusal = UInt8(2)
    for index in parts.indices {
      do throws(ModbusException) { return .registers(try read(block, unit, index)) } catch { refusal = error.rawValue }
    }
    return isSilent ? .silent : .refused(refusal)
  }

  private mutating func read(_ block: ReadBlock, _ unit: Int, _ index: Int) throws(ModbusException) -> [UInt16] {
    let request: ModbusRequest =
      switch block.space {
      case .holding: .readHolding(address: block.start, count: block.count)
      case .input: .readInput(address: block.start, count: block.count)
      case .coil: .readCoils(address: block.start, count: block.count)
      case .discrete: .readDiscrete(address: block.start, count: block.count)
      }
    guard var image = images[unit]?[index] else { throw .illegalDataAddress }
    let reply = try image.answer(request)
    images[unit]?[index] = image
    switch reply {
    case .registers(let words): return words
    case .bits(let bits): return bits.map { $0 ? 1 : 0 }
    case .done: return []
    }
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("config/devices").path

  static let profiles = ConfigurationLoader.loadProfiles(folders: [folder]).profiles

  static func profile(_ name: String) -> DeviceProfile? { profiles.first { $0.name == name } }

  /// A device that measures a site at noon in June.
  static func image(_ profile: DeviceProfile, serial: String = "34119087") -> ProfileImage {
    var image = ProfileImage(profile, serial: serial)
    image.take(truth.points(as: SiteRole(guessing: profile)).mapValues(Optional.init))
    return image
  }

  private static let truth: Truth = {
    var parameters = WorldParameters()
    parameters.wallBox = WallBoxParameters()
    var overrides = Overrides()
    overrides.load = 3000
    overrides.pv = 5200
    overrides.car = .here
    let noon = Timestamp(milliseconds: 1_782_036_000_000)
    var world = SiteWorld(parameters: parameters, seed: 1, start: noon, overrides: overrides)
    for _ in 0..<600 { world.step(by: .milliseconds(200)) }
    return world.truth
  }()
}
