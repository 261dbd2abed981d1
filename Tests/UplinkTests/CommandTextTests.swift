import EnergyModel
import TestKit
import Testing

@testable import Uplink

/// What peers write on `command`, and what is made of nonsense.
@Suite struct CommandTextTests {
  private static let right =
    #"{"v":1,"id":"7f3a","site":"s","issuer":"desk-4","counter":17,"issued":1763659200000,"start":1763660000000,"duration_s":900,"kind":"limit","parameters":{"channel":"dso","export_power_w":5000}}"#

  private func read(_ text: String) throws(CommandText.Refusal) -> Command { try CommandText.command(Array(text.utf8)) }

  private func refusal(_ text: String) -> CommandText.Refusal? {
    do throws(CommandText.Refusal) {
      _ = try read(text)
      return nil
    } catch { return error }
  }

  @Test func everyMemberIsRead() throws {
    #expect(try SchemaCheck.problem(in: [("holdfast/v1/s/command", Array(Self.right.utf8))]) == nil)
    let command = try read(Self.right)
    #expect(
      command
        == Command(
          id: "7f3a", site: "s", issuer: "desk-4", counter: 17, issued: Timestamp(milliseconds: 1_763_659_200_000),
          start: Timestamp(milliseconds: 1_763_660_000_000), duration: .seconds(900), kind: "limit",
          parameters: ["channel": .text("dso"), "export_power_w": .number(5000)]))
    let short = Self.right.replacing(#""start":1763660000000,"duration_s":900,"#, with: "")
    #expect(try read(short).start == nil && read(short).duration == nil)
    #expect(try read(Self.right + "\nhmac-sha256:00ff").id == "7f3a", "a second line signs the first")
    let values = Self.right.replacing("5000", with: #"null,"b":true,"c":["x","y"],"d":-1.5,"e":[]"#)
    #expect(
      try read(values).parameters == [
        "channel": .text("dso"), "export_power_w": .nothing, "b": .flag(true), "c": .texts(["x", "y"]),
        "d": .number(-1.5), "e": .texts([]),
      ])
  }

  /// What is replaced in a right command, by what, and what is said of it.
  @Test(arguments: [
    (#""v":1"#, #""v":2"#, "v is not 1"), (#""v":1,"#, "", "v is not 1"), (#""v":1"#, #""v":"1""#, "v is not 1"),
    (#""id":"7f3a""#, #""id":7"#, "id is not 1 to 64 visible ASCII characters"),
    (#""id":"7f3a""#, #""id":"""#, "id is not 1 to 64 visible ASCII characters"),
    (#""id":"7f3a""#, #""id":"7 f""#, "id is not 1 to 64 visible ASCII characters"),
    (#""id":"7f3a""#, #""id":"7\t3""#, "id is not 1 to 64 visible ASCII characters"),
    (#""id":"7f3a""#, #""id":"é""#, "id is not 1 to 64 visible ASCII characters"),
    (#""site":"s","#, "", "site is missing or no text"),
    (#""issuer":"desk-4""#, #""issuer":null"#, "issuer is not 1 to 64 visible ASCII characters"),
    (#""counter":17"#, #""counter":-1"#, "counter is not a whole number from 0 to 9223372036854775807"),
    (#""counter":17"#, #""counter":1.5"#, "counter is not a whole number from 0 to 9223372036854775807"),
    (
      #""counter":17"#, #""counter":9223372036854775808"#,
      "counter is not a whole number from 0 to 9223372036854775807"
    ),
    (#""issued":1763659200000"#, #""issued":"now""#, "issued is not a whole number from 0 to 253402300799000"),
    (#""issued":1763659200000"#, #""issued":9e18"#, "issued is not a whole number from 0 to 253402300799000"),
    (#""start":1763660000000"#, #""start":[]"#, "start is not a whole number from 0 to 253402300799000"),
    (#""duration_s":900"#, #""duration_s":0"#, "duration_s is not a whole number from 1 to 3000000000"),
    (#""kind":"limit""#, #""kind":{}"#, "kind is missing or no text"),
    (#"{"channel":"dso","export_power_w":5000}"#, "[]", "parameters is no object of at most 32 members"),
    ("5000", "{}", "the parameter export_power_w is neither a number, a text, a flag nor a list of texts"),
    ("5000", "[1]", "the parameter export_power_w is neither a number, a text, a flag nor a list of texts"),
    (#""v":1"#, #""v":1,"not_after":5"#, "unknown: not_after"),
  ])
  func whatIsWrongIsSaid(_ old: String, _ new: String, _ text: String) throws {
    #expect(Self.right.contains(old))
    let wrong = Self.right.replacing(old, with: new)
    #expect(refusal(wrong)?.text == text)
    #expect(try SchemaCheck.problem(in: [("holdfast/v1/s/command", Array(wrong.utf8))]) != nil)
  }

  @Test func everythingThatIsWrongIsSaidAtOnce() {
    let refusal = refusal(#"{"v":3,"id":"7f3a","counter":"x","parameters":{},"kind":"limit","issuer":"d"}"#)
    #expect(refusal?.id == "7f3a")
    #expect(
      refusal?.text
        == "v is not 1; site is missing or no text; counter is not a whole number from 0 to 9223372036854775807; "
        + "issued is not a whole number from 0 to 253402300799000")
  }

  @Test func whatIsNoObjectIsRefused() {
    for text in ["", "{", "[]", "7", "null", #""text""#, "{}}", #"{"v":NaN}"#, "\u{0}", #"{"v":1e999}"#] {
      let refusal = refusal(text)
      #expect(refusal?.id == nil && refusal?.text.hasPrefix("it is no JSON") == true, "\(text): \(refusal?.text ?? "")")
    }
    #expect(throws: CommandText.Refusal(id: nil, text: "it is no JSON")) { try CommandText.command([0xff, 0xfe]) }
    #expect(refusal("{}")?.text.contains("id is not") == true)
    let deep = String(repeating: "[", count: 8000) + String(repeating: "]", count: 8000)
    #expect(refusal(deep)?.text.hasPrefix("it is no JSON") == true)
    #expect(refusal(Self.right + String(repeating: " ", count: 16 << 10))?.text.hasSuffix("16384 are the most") == true)
    let many = (0..<40).map { #","p\#($0)":1"# }.joined()
    #expect(refusal(Self.right.replacing("5000", with: "5000" + many))?.text.contains("at most 32") == true)
  }

  @Test func heartbeats() throws {
    #expect(try CommandText.heartbeat(Array(#"{"t":5}"#.utf8)) == Timestamp(milliseconds: 5))
    for text in ["{}", #"{"t":-1}"#, #"{"t":"5"}"#, "5", "", #"{"t":1e30}"#] {
      #expect(throws: CommandText.Refusal.self) { try CommandText.heartbeat(Array(text.utf8)) }
    }
  }
}
