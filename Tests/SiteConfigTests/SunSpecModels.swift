import DeviceProfile
import Foundation

/// Offsets, types, scale factors and repeated groups of SunSpec points, computed from the Alliance's JSON definitions.
struct SunSpecModels {
  struct Fact: Equatable {
    var model: Int
    /// The groups around it, outermost first, without a repetition.
    var groups: [SunSpecGroup]
    /// From the model's ID register, or from the beginning of the innermost repetition.
    var offset: Int
    var size: Int
    /// As a profile names it.
    var type: String
    /// Of its scale factor, from the model's ID register.
    var scaleFactor: Int?
    var isWritable: Bool
    /// What its numbers, or the bits of a field, are called.
    var symbols: [String: Int]
  }

  /// By `MODEL.POINT`, or `MODEL.GROUP.POINT` inside a group.
  private(set) var facts: [String: Fact] = [:]

  static let folder: URL? = {
    let named = ProcessInfo.processInfo.environment["SUNSPEC_MODELS"].map { URL(fileURLWithPath: $0) }
    let beside = ["..", "../.."].map {
      TestFiles.repository.appendingPathComponent("\($0)/shared/devices/sunspec/json").standardizedFileURL
    }
    return ([named].compactMap(\.self) + beside).first { FileManager.default.fileExists(atPath: $0.path) }
  }()

  static func definition(_ model: Int) throws -> Definition? {
    guard let folder else { return nil }
    let data = try Data(contentsOf: folder.appendingPathComponent("model_\(model).json"))
    return try JSONDecoder().decode(Definition.self, from: data)
  }

  /// Of all models that are at hand.
  static func all() throws -> [Int] {
    guard let folder else { return [] }
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    return names.compactMap { Int($0.dropFirst("model_".count).dropLast(".json".count)) }.sorted()
  }

  init(_ models: some Sequence<Int>) throws {
    for model in models {
      guard let definition = try Self.definition(model) else { continue }
      let group = definition.group
      var factors: [String: Int] = [:]
      var counts: [String: Int] = [:]
      var offset = 0
      for point in group.points {
        factors[point.name] = offset
        counts[point.name] = offset
        offset += point.size
      }
      add(group, Place(model: model, prefix: "\(model)", groups: [], factors: factors, counts: counts))
    }
  }

  private struct Place {
    var model: Int
    var prefix: String
    var groups: [SunSpecGroup]
    var factors: [String: Int]
    var counts: [String: Int]
  }

  private mutating func add(_ group: Definition.Group, _ place: Place) {
    var offset = 0
    for point in group.points {
      facts["\(place.prefix).\(point.name)"] = Fact(
        model: place.model, groups: place.groups, offset: offset, size: point.size, type: Self.type(point.type),
        scaleFactor: point.sf.flatMap { place.factors[$0] }, isWritable: point.access == "RW",
        symbols: Dictionary((point.symbols ?? []).map { ($0.name, $0.value) }) { first, _ in first })
      offset += point.size
    }
    var start = SunSpecGroup.Extent(offset)
    let inner = group.groups ?? []
    for index in inner.indices {
      let size = Self.size(inner[index], place.counts)
      var below = place
      below.prefix += ".\(inner[index].name)"
      below.groups.append(
        SunSpecGroup(start: start, size: size, count: inner[index].countName.flatMap { place.counts[$0] }))
      add(inner[index], below)
      if index < inner.count - 1 { start = Self.sum(start, Self.times(size, inner[index], place.counts)) }
    }
  }

  /// Registers of one repetition, with the groups inside it.
  private static func size(_ group: Definition.Group, _ counts: [String: Int]) -> SunSpecGroup.Extent {
    let fixed = SunSpecGroup.Extent(group.points.reduce(0) { $0 + $1.size })
    return (group.groups ?? []).reduce(fixed) { sum($0, times(size($1, counts), $1, counts)) }
  }

  private static func times(
    _ size: SunSpecGroup.Extent, _ group: Definition.Group, _ counts: [String: Int]
  ) -> SunSpecGroup.Extent {
    guard let name = group.countName, let count = counts[name] else {
      return size
    }
    precondition(size.each == 0, "a group that depends on two numbers")
    return SunSpecGroup.Extent(0, each: size.fixed, count: count)
  }

  private static func sum(_ a: SunSpecGroup.Extent, _ b: SunSpecGroup.Extent) -> SunSpecGroup.Extent {
    precondition(a.count == nil || b.count == nil || a.count == b.count, "an extent that depends on two numbers")
    return SunSpecGroup.Extent(a.fixed + b.fixed, each: a.each + b.each, count: a.count ?? b.count)
  }

  private static func type(_ name: String) -> String {
    switch name {
    case "enum16", "bitfield16", "count": "uint16"
    case "enum32", "bitfield32": "uint32"
    case "sunssf": "int16"
    default: name
    }
  }

  struct Definition: Decodable {
    struct Group: Decodable {
      var name: String
      var count: Count?
      var points: [Point]
      var groups: [Group]?

      /// The point with the number of repetitions.
      var countName: String? { if case .named(let name)? = count { name } else { nil } }
      var isRest: Bool { if case .number(0)? = count { true } else { false } }
    }
    struct Point: Decodable {
      var name: String
      var type: String
      var size: Int
      var sf: String?
      var access: String?
      var symbols: [Symbol]?

      private enum CodingKeys: String, CodingKey { case name, type, size, sf, access, symbols }

      init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        name = try values.decode(String.self, forKey: .name)
        type = try values.decode(String.self, forKey: .type)
        size = try values.decode(Int.self, forKey: .size)
        access = try values.decodeIfPresent(String.self, forKey: .access)
        symbols = try values.decodeIfPresent([Symbol].self, forKey: .symbols)
        // Some are numbers instead of names.
        sf = try? values.decode(String.self, forKey: .sf)
      }
    }
    struct Symbol: Decodable {
      var name: String
      var value: Int
    }
    /// The name of a point, or 0 for as many as there is room for.
    enum Count: Decodable {
      case named(String)
      case number(Int)

      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        self =
          if let number = try? value.decode(Int.self) { .number(number) } else { .named(try value.decode(String.self)) }
      }
    }
    var group: Group
  }
}
