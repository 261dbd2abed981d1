import EnergyModel
import Testing

struct FlatMapTests {
  /// Keys that share their numbers: what two names with the same hash would be.
  private struct Key: FlatKey {
    var name: Int
    var order: Int { name / 3 }
  }

  @Test func itKeepsWhatADictionaryKeeps() {
    var map = FlatMap<Key, Int>()
    var dictionary: [Int: Int] = [:]
    var random = SplitMix64(seed: 1)
    for _ in 0..<5000 {
      let name = Int(random.next() % 40)
      let value = Int(random.next() % 1000)
      switch random.next() % 4 {
      case 0:
        map[Key(name: name)] = nil
        dictionary[name] = nil
      case 1:
        map[Key(name: name), default: 0] += value
        dictionary[name, default: 0] += value
      default:
        map[Key(name: name)] = value
        dictionary[name] = value
      }
      #expect(map.count == dictionary.count)
      #expect(map[Key(name: name)] == dictionary[name])
    }
    for (key, value) in map { #expect(dictionary[key.name] == value) }
    #expect(map.indices.dropFirst().allSatisfy { map[$0 - 1].key.order <= map[$0].key.order })
  }

  @Test func theLastOfEqualKeysCounts() {
    let map: FlatMap<DeviceID, Int> = ["a": 1, "b": 2, "a": 3]
    #expect(map == ["b": 2, "a": 3])
    #expect(map != ["b": 2, "a": 1])
    #expect(map["c"] == nil)
  }
}
