import EnergyModel
import Foundation
import Testing

@testable import MQTTDevices

@Suite struct JSONScanTests {
  private static func value(_ text: String, _ path: [String] = ["v"]) throws -> JSONValue? {
    try JSONScan.values(at: JSONPlaces([path]), in: Array(text.utf8))[0]
  }

  @Test func findsEveryKindOfValue() throws {
    let text = #" {"a" : {"b":[1, -2.5 ,{"c":"x"}]},"t":true,"f":false,"n":null,"s":"a\"\u00fc\n","e":{},"l":[ ]} "#
    let paths = [
      ["a", "b", "0"], ["a", "b", "1"], ["a", "b", "2", "c"], ["t"], ["f"], ["n"], ["s"], ["e"], ["l"], ["a", "b"],
      ["a", "x"], ["a", "b", "3"], ["a"],
    ]
    let found = try JSONScan.values(at: JSONPlaces(paths), in: Array(text.utf8))
    #expect(
      found == [
        .integer(1), .number(-2.5), .text("x"), .flag(true), .flag(false), .null, .text("a\"ü\n"), .object([:]),
        .list([]), .list([]), nil, nil, .object([:]),
      ])
  }

  @Test func keysMayBeEscapedAndTheLastOneCounts() throws {
    #expect(try Self.value(#"{"\u0076":1,"vv":3}"#) == .integer(1))
    #expect(try Self.value(#"{"v":1,"v":2}"#) == .integer(2))
    #expect(try Self.value(#"{"ü":7}"#, ["ü"]) == .integer(7))
  }

  /// Held against the library's own reading.
  @Test(arguments: [
    "0", "-0", "1", "-1", "230.4", "0.1", "1e3", "1.5E-7", "123456789012345", "1234567890123456", "9007199254740993",
    "9223372036854775807", "9223372036854775808", "0.000000000000001", "123456789.123456", "-3.3", "4.35",
    "179769313486231570e291", "5e-324", "2.2250738585072011e-308",
  ])
  func numbersAreExactlyWhatTheLibraryReads(_ text: String) throws {
    let expected = try #require(Double(text))
    switch try #require(try Self.value("{\"v\":\(text)}")) {
    case .integer(let integer):
      #expect(Double(integer) == expected)
      #expect("\(integer)" == text)
    case .number(let number): #expect(number == expected && number.sign == expected.sign)
    default: Issue.record("no number")
    }
  }

  @Test func decimalsAreExactlyWhatTheLibraryReads() throws {
    var random = SplitMix64(seed: 11)
    for _ in 0..<20_000 {
      let whole = Int64.random(in: -99_999...99_999, using: &random)
      let text = "\(whole).\(Int64.random(in: 0...9_999_999, using: &random))"
      #expect(try Self.value("{\"v\":\(text)}") == .number(Double(text) ?? .nan), "\(text)")
    }
  }

  @Test(arguments: [
    "", " ", "{", "}", "{\"v\"}", "{\"v\":}", "{\"v\":1,}", "{,}", "[1,]", "[", "[1 2]", "{\"v\":01}", "{\"v\":+1}",
    "{\"v\":.5}", "{\"v\":1.}", "{\"v\":1e}", "{\"v\":-}", "{\"v\":0x1}", "{\"v\":NaN}", "{\"v\":Infinity}",
    "{\"v\":1e999}", "{\"v\":tru}", "{\"v\":nul", "{'v':1}", "{\"v\":\"a\nb\"}", "{\"v\":\"\\x\"}", "{\"v\":\"\\u12\"}",
    "{\"v\":\"abc}", "{\"v\":1}}", "{\"v\":1} x", "1 1", "{v:1}", "{\"v\":\"\\ud800\"}",
  ])
  func refusesWhatIsNoJSON(_ text: String) {
    #expect(throws: JSONScan.Fault.self) { try Self.value(text) }
  }

  @Test func refusesTextThatIsNoUTF8WhereItIsWanted() {
    let bytes = Array("{\"v\":\"".utf8) + [0xFF, 0xFE] + Array("\"}".utf8)
    #expect(throws: JSONScan.Fault.self) { try JSONScan.values(at: JSONPlaces([["v"]]), in: bytes) }
  }

  @Test func nestingHasAnEnd() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    #expect(try Self.value(nested(64)) == nil)
    #expect(throws: JSONScan.Fault.self) { try Self.value(nested(65)) }
    #expect(throws: JSONScan.Fault.self) { try Self.value(String(repeating: "{\"v\":", count: 20_000)) }
  }

  /// Whatever comes in: no trap, and the same verdict as the library's on what both can judge.
  @Test func survivesRandomNonsense() {
    var random = SplitMix64(seed: 5)
    let alphabet = Array(#"{}[]",:.0123456789-+eEtrufalsn\v "#.utf8)
    var taken = 0
    for _ in 0..<50_000 {
      let length = Int.random(in: 0...24, using: &random)
      let bytes = (0..<length).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
      let isTaken = (try? JSONScan.values(at: JSONPlaces([["v"], ["0"]]), in: bytes)) != nil
      let isJSON =
        (try? JSONSerialization.jsonObject(with: Data(bytes), options: [.fragmentsAllowed])) != nil
      if isTaken { taken += 1 }
      #expect(!isTaken || isJSON, "\(String(decoding: bytes, as: UTF8.self))")
      if isJSON, !isTaken {
        #expect(
          bytes.contains(UInt8(ascii: "e")) || bytes.contains(UInt8(ascii: "E")) || bytes.contains(UInt8(ascii: "\\")))
      }
    }
    #expect(taken > 500)
  }
}
