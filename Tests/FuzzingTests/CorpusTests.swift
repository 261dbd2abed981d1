import DeviceProfile
import EnergyModel
import Foundation
import Testing

@testable import Fuzzing

/// What a fuzzer found worth keeping goes through the same functions in every run of the tests.
struct CorpusTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private static let ground = Result { try FuzzGround(root: root.path) }

  private static func corpus(_ target: FuzzTarget) throws -> [[UInt8]] {
    let file = root.appendingPathComponent("Tests/Fuzz/corpus/\(target.rawValue).hex")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
      let digits = Array(line.utf8)
      return try stride(from: 0, to: digits.count, by: 2).map { index in
        try #require(UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16))
      }
    }
  }

  @Test(arguments: FuzzTarget.allCases) func theCorpusHolds(target: FuzzTarget) throws {
    let inputs = try Self.corpus(target)
    #expect(inputs.count > 20)
    let ground = try Self.ground.get()
    for input in inputs {
      #expect(throws: Never.self, "\(target.rawValue): \(input)") { try target.feed(input, on: ground) }
    }
  }

  /// The other way round: what must not be is seen.
  @Test func aTargetFindsWhatIsWrong() throws {
    let profile = try #require(try Self.ground.get().profiles.first { $0.name == "eastron-sdm630" })
    var resolved = ResolvedProfile(profile)
    let image = resolved.readPlan.emptyImage()
    try RegisterFuzzing.check(resolved, image)
    var less = profile
    less.points.removeLast()
    resolved = ResolvedProfile(less)
    #expect(throws: FuzzFinding.self) {
      try RegisterFuzzing.compare(resolved.readPlan.decode(resolved.readPlan.emptyImage()), of: profile, isHeard: true)
    }
    #expect(throws: FuzzFinding.self) {
      let wrong = profile.points.map { Reading($0.point, $0.point == .frequency ? 5000 : 0) }
      try RegisterFuzzing.compare(wrong, of: profile, isHeard: true)
    }
    #expect(throws: FuzzFinding.self) {
      try RegisterFuzzing.compare(profile.points.map { Reading($0.point, 50) }, of: profile, isHeard: false)
    }
  }
}
