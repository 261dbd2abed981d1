import DeviceProfile
import EnergyModel
import Foundation
import SiteConfig
import SiteSimulator
import Testing

/// The agent's own reading of a simulated device, without a wire.
struct ProfileClient {
  var image: ProfileImage
  let resolved: ResolvedProfile

  /// - Parameter failsafe: the site's failsafe current, A, which the agent writes and the device knows nothing of.
  init(
    _ profile: DeviceProfile, _ values: [Point: Double] = [:], serial: String = "34119087", failsafe: Double = 6
  ) {
    image = ProfileImage(profile, serial: serial)
    image.take(values.mapValues { Optional($0) })
    resolved = ResolvedProfile(profile.configured(failsafeCurrent: failsafe), map: image.map)
  }

  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("config/devices")

  static var shipped: [String] {
    let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return files.filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }.sorted()
  }

  static func profile(_ name: String) throws -> DeviceProfile {
    try ConfigurationLoader.loadProfile(file: folder.appendingPathComponent(name + ".yaml").path).get()
  }

  /// What a read of these registers brings, or the exception.
  mutating func read(_ space: RegisterSpace, _ address: Int, _ count: Int) throws(ModbusException) -> [UInt16] {
    let request: ModbusRequest =
      switch space {
      case .holding: .readHolding(address: address, count: count)
      case .input: .readInput(address: address, count: count)
      case .coil: .readCoils(address: address, count: count)
      case .discrete: .readDiscrete(address: address, count: count)
      }
    switch try image.answer(request) {
    case .registers(let words): return words
    case .bits(let bits): return bits.map { $0 ? 1 : 0 }
    case .done: return []
    }
  }

  private mutating func fetch(_ blocks: [ReadBlock], into image: inout RegisterImage) throws {
    for (index, block) in blocks.enumerated() {
      let words = try read(block.space, block.start, block.count)
      image.registers.replaceSubrange(block.imageOffset..<block.imageOffset + block.count, with: words)
      image.blocks[index] = .good
    }
  }

  /// What the agent makes of the device's registers.
  mutating func readings() throws -> [Point: Reading] {
    var registers = resolved.readPlan.emptyImage()
    try fetch(resolved.readPlan.blocks, into: &registers)
    return Dictionary(
      resolved.readPlan.decode(registers).map { ($0.point, $0) }, uniquingKeysWith: { first, _ in first })
  }

  mutating func serial() throws -> String? {
    var words: [UInt16] = []
    for block in resolved.serialBlocks { words += try read(block.space, block.start, block.count) }
    return resolved.profile.serial?.text(in: words)
  }

  /// Asks for setpoints as the agent does, write by write; the exception that one met.
  mutating func ask(_ setpoints: [SetpointKind: Double]) throws -> ModbusException? {
    let wanted = setpoints.map { kind, value in
      Setpoint(
        device: DeviceID("d"), kind: kind, value: value, owner: "test", expires: MonotonicInstant(nanoseconds: 0))
    }
    let plan = try resolved.plan(wanted)
    var references = plan.emptyImage()
    try fetch(plan.blocks, into: &references)
    for write in try plan.encode(wanted, with: references) {
      let request: ModbusRequest =
        switch (write.space, write.function, write.registers.count) {
        case (.coil, _, 1): .writeCoil(address: write.address, isOn: write.registers[0] != 0)
        case (.coil, _, _): .writeCoils(address: write.address, areOn: write.registers.map { $0 != 0 })
        case (_, .single, _): .writeRegister(address: write.address, value: write.registers[0])
        default: .writeRegisters(address: write.address, values: write.registers)
        }
      do throws(ModbusException) { _ = try image.answer(request) } catch { return error }
      if let shown = write.readBack {
        #expect(try read(shown.block.space, shown.block.start, shown.block.count) == shown.registers)
      }
      image.pass(resolved.profile.reading.writePause)
    }
    return nil
  }
}
