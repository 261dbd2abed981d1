import EnergyModel
import Testing

@Suite struct JSONTextTests {
  @Test func numbersKeepTheirDecimalsExactly() {
    #expect(JSONText.decimal(230.1, 1) == "230.1")
    #expect(JSONText.decimal(-1520, 0) == "-1520")
    #expect(JSONText.decimal(-0.05, 2) == "-0.05")
    #expect(JSONText.decimal(0.30000000000000004, 3) == "0.3")
    #expect(JSONText.decimal(50.0, 2) == "50")
    #expect(JSONText.decimal(scaled: -7, 3) == "-0.007")
    #expect(JSONText.decimal(-0.0001, 2) == "0")
    #expect(JSONText.decimal(1000, 2) == "1000" && JSONText.decimal(100, 0) == "100" && JSONText.decimal(0, 3) == "0")
    #expect(JSONText.decimal(scaled: .min, 3) == "-9223372036854775.808")
  }

  @Test func whatIsNotANumberIsNull() {
    #expect(JSONText.decimal(.nan, 1) == "null")
    #expect(JSONText.decimal(.infinity, 1) == "null")
  }

  @Test func nestingAndCommas() {
    var json = JSONText()
    json.object { json in
      json.member("a", 1)
      json.key("b")
      json.array { json in
        json.value(true)
        json.object { _ in }
        json.null()
      }
      json.member("c", 1.25, decimals: 1)
    }
    #expect(json.text == #"{"a":1,"b":[true,{},null],"c":1.3}"#)
  }

  @Test func integersOfEverySizeAreWritten() {
    var json = JSONText()
    json.array { json in
      json.value(Int64.min)
      json.value(UInt64.max)
      json.value(-7)
      json.value(UInt8(0))
    }
    #expect(json.text == "[-9223372036854775808,18446744073709551615,-7,0]")
  }

  @Test func stringsAreEscaped() {
    var json = JSONText()
    json.value("a\"b\\c\n\u{01}é")
    #expect(json.text == #""a\"b\\c\n\u0001é""#)
  }

  @Test func linesAreTextsOfTheirOwn() {
    var json = JSONText()
    for number in 1...2 {
      json.object { $0.member("n", number) }
      json.endLine()
    }
    #expect(json.text == "{\"n\":1}\n{\"n\":2}\n")
  }
}
