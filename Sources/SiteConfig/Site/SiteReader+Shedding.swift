import EnergyDispatch
import EnergyModel

/// How a load bears being switched off and on.
extension SiteReader {
  static let sheddingKeys = ["within", "starts_an_hour", "pick_up", "phase", "serves"]

  func readShedding(_ section: ConfigSection, _ load: inout SiteParameters.SheddableLoad) {
    if let value = section["pick_up"], let pickUp = value.power() {
      load.pickUp = pickUp
      if pickUp < load.rated { value.refuse("below the rating: what it picks up is at least what it takes") }
    }
    load.startsAnHour = section["starts_an_hour"].flatMap { $0.integer(in: 1...60, what: "a number of starts an hour") }
    load.phase = section["phase"].flatMap(phase)
    load.serves = section["serves"].flatMap { $0.text("what people miss without it, such as hot water") }
    guard let within = section["within"] else { return }
    if load.isCritical { within.refuse("a critical load is never shed: leave out within or critical") }
    load.within = within.duration(in: .zero...(.seconds(86_400))) ?? .zero
  }

  private func phase(_ value: ConfigValue) -> Int? {
    let names = ["L1", "L2", "L3"]
    return value.choice(names, what: "phase").flatMap { names.firstIndex(of: $0) }.map { $0 + 1 }
  }

  /// Where there is one phase, nothing hangs on another.
  func checkPhases(loads: [LoadEntry], limits: Limits) {
    guard let fuse = limits.fuse else { return }
    for load in loads {
      guard let phase = load.load.phase, phase > fuse.phases else { continue }
      load.value.refuse("on L\(phase), but the fuse has one phase")
    }
  }

  /// Another number for each site, always the same: 64-bit FNV-1a of its name (Fowler, Noll, Vo).
  static func spreadSeed(of site: String) -> UInt64 {
    site.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}
