import EnergyModel
import Testing

struct PointMapTests {
  @Test func itKeepsWhatADictionaryKeeps() {
    var map = PointMap<Int>()
    var dictionary: [Point: Int] = [:]
    var random = SplitMix64(seed: 1)
    let points = Point.allCases
    for _ in 0..<5000 {
      let point = points[Int(random.next() % UInt64(points.count))]
      let value = Int(random.next() % 1000)
      if random.next() % 4 == 0 {
        map[point] = nil
        dictionary[point] = nil
      } else {
        map[point] = value
        dictionary[point] = value
      }
      #expect(map.count == dictionary.count)
      #expect(map[point] == dictionary[point])
    }
    #expect(PointMap(dictionary) == map)
    #expect(map.map(\.key) == points.filter { dictionary[$0] != nil })
    for (point, value) in map { #expect(dictionary[point] == value) }
  }

  /// A bit for each.
  @Test func thereIsRoomForEveryPoint() {
    #expect(Point.allCases.count <= 64)
    #expect(Point.allCases.map(\.order) == Array(0..<Point.allCases.count))
  }

  @Test func theLastOfEqualPointsCounts() {
    let map: PointMap<Int> = [.soc: 1, .power: 2, .soc: 3]
    #expect(map == [.power: 2, .soc: 3])
    #expect(map != [.power: 2, .soc: 1])
    #expect(map[.frequency] == nil)
    #expect(Array(map.keys) == [.power, .soc] && Array(map.values) == [2, 3])
  }

  @Test func whatIsMergedTakesThePlace() {
    var map: PointMap<Double> = [.power: 1, .soc: 50]
    map.merge([.soc: 60, .frequency: 50])
    #expect(map == [.power: 1, .soc: 60, .frequency: 50])
    #expect(map.mapValues { $0 > 1 } == [.power: false, .soc: true, .frequency: true])
  }
}
