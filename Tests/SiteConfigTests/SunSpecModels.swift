import Foundation

/// Offsets, types and scale factors of SunSpec points, computed from the Alliance's JSON definitions.
struct SunSpecModels {
  struct Fact {
    var model: Int
    /// From the model's ID register.
    var offset: Int
    var size: Int
    /// As a profile names it.
    var type: String
    var scaleFactor: String?
    var isWritable: Bool
  }

  /// By `MODEL.POINT`, or `MODEL.INSTANCE.POINT` inside a repeating group, instances counted from 1.
  private(set) var facts: [String: Fact] = [:]

  static let folder: URL? = {
    let named = ProcessInfo.processInfo.environment["SUNSPEC_MODELS"].map { URL(fileURLWithPath: $0) }
    let beside = ["..", "../.."].map {
      TestFiles.repository.appendingPathComponent("\($0)/shared/devices/sunspec/json").standardizedFileURL
    }
    return ([named].compactMap(\.self) + beside).first { FileManager.default.fileExists(atPath: $0.path) }
  }()

  init(_ models: [Int]) throws {
    guard let folder = Self.folder else { return }
    for model in models {
      let data = try Data(contentsOf: folder.appendingPathComponent("model_\(model).json"))
      let definition = try JSONDecoder().decode(Definition.self, from: data)
      var offset = add(definition.group.points, of: model, prefix: "\(model)", at: 0)
      for group in definition.group.groups ?? [] {
        // Four modules are what a hybrid with two strings has.
        for instance in 1...4 { offset = add(group.points, of: model, prefix: "\(model).\(instance)", at: offset) }
      }
    }
  }

  private mutating func add(_ points: [Definition.Point], of model: Int, prefix: String, at start: Int) -> Int {
    var offset = start
    for point in points {
      facts["\(prefix).\(point.name)"] = Fact(
        model: model, offset: offset, size: point.size, type: Self.type(point.type), scaleFactor: point.sf,
        isWritable: point.access == "RW")
      offset += point.size
    }
    return offset
  }

  private static func type(_ name: String) -> String {
    switch name {
    case "enum16", "bitfield16", "count": "uint16"
    case "enum32", "bitfield32": "uint32"
    default: name
    }
  }

  private struct Definition: Decodable {
    struct Group: Decodable {
      var points: [Point]
      var groups: [Group]?
    }
    struct Point: Decodable {
      var name: String
      var type: String
      var size: Int
      var sf: String?
      var access: String?
    }
    var group: Group
  }
}
