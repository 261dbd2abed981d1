import EnergyModel
import Foundation
import Testing

@Suite struct JSONValueTests {
  @Test(arguments: [
    ("[null]", JSONValue.null), ("[true]", .flag(true)), ("[1]", .integer(1)), ("[-2.5]", .number(-2.5)),
    ("[9007199254740993]", .integer(9_007_199_254_740_993)), ("[9223372036854775807]", .integer(.max)),
    ("[1e300]", .number(1e300)), ("[\"1\"]", .text("1")), ("[[1,\"a\"]]", .list([.integer(1), .text("a")])),
    ("[{\"a\":{}}]", .object(["a": .object([:])])),
  ])
  func everyKindIsRead(text: String, value: JSONValue) throws {
    #expect(try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))["0"] == value)
  }

  @Test func aPathGoesThroughObjectsAndLists() throws {
    let value = try JSONDecoder().decode(JSONValue.self, from: Data(#"{"a":[{"b":7}]}"#.utf8))
    #expect(value["a"]?["0"]?["b"] == .integer(7))
    #expect(value["a"]?["1"] == nil)
    #expect(value["a"]?["0"]?["b"]?["c"] == nil)
  }
}
