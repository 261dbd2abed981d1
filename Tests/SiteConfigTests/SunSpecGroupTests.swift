import EnergyModel
import Foundation
import Testing

@testable import DeviceProfile

@testable import SiteConfig

/// The repeated groups of all SunSpec models are found where the definitions say.
@Suite(.enabled(if: SunSpecModels.folder != nil, "the SunSpec model definitions are not on this machine"))
struct SunSpecGroupTests {
  static let repeating = ((try? SunSpecModels.all()) ?? []).filter { model in
    (try? SunSpecModels.definition(model))?.group.groups?.isEmpty == false
  }

  @Test func allAreThere() {
    #expect(Self.repeating.count > 40)
    for model in [160, 705, 707, 712, 714, 803, 804] { #expect(Self.repeating.contains(model)) }
  }

  /// A register of its own number for each point, laid out by walking the definition; then each point is looked for by
  /// its groups.
  @Test(arguments: repeating) func places(model: Int) throws {
    let group = try #require(try SunSpecModels.definition(model)).group
    var layout = Layout(random: SplitMix64(seed: UInt64(model)))
    layout.walk(group, prefix: "\(model)", path: [])
    let length = layout.registers - 2
    let start = SunSpecModel(id: model, address: 40_069, length: length)
    let counts = layout.counts.filter { $0.value > 0 }.map { (40_069 + $0.key, $0.value) }
    let map = SunSpecMap(base: 40_000, models: [start], counts: Dictionary(uniqueKeysWithValues: counts))
    let facts = try SunSpecModels([model]).facts
    for (place, offset) in layout.places {
      let fact = try #require(facts[place.name])
      var groups = fact.groups
      for index in groups.indices { groups[index].repetition = place.path[index] }
      let address = SunSpecAddress(models: [model], groups: groups, offset: fact.offset)
      #expect(map.start(of: address, count: fact.size)?.start == 40_069 + offset, "\(place)")
    }
  }

  private struct Place: Hashable {
    var name: String
    var path: [Int]
  }

  private struct Layout {
    var random: SplitMix64
    var registers = 0
    var counts: [Int: Int] = [:]
    private var named: [String: Int] = [:]
    var places: [Place: Int] = [:]

    init(random: SplitMix64) { self.random = random }

    mutating func walk(_ group: SunSpecModels.Definition.Group, prefix: String, path: [Int]) {
      for point in group.points {
        places[Place(name: "\(prefix).\(point.name)", path: path)] = registers
        if path.isEmpty, point.type != "sunssf", point.size == 1, !["ID", "L"].contains(point.name) {
          let count = Int.random(in: 1...4, using: &random)
          named[point.name] = count
          counts[registers] = count
        }
        registers += point.size
      }
      for inner in group.groups ?? [] {
        let times = inner.countName.flatMap { named[$0] } ?? (inner.isRest ? Int.random(in: 1...4, using: &random) : 1)
        for repetition in 1...times { walk(inner, prefix: "\(prefix).\(inner.name)", path: path + [repetition]) }
      }
    }
  }
}
