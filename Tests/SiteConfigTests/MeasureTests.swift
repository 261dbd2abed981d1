import EnergyModel
import Testing

@testable import SiteConfig

@Suite struct MeasureTests {
  @Test(arguments: [
    ("5 kW", Dimension.power, 5000), ("0.5 MW", .power, 500_000), ("-3 W", .power, -3), ("10.2 kWh", .energy, 10_200),
    ("2 MWh", .energy, 2e6), ("16 A", .current, 16), ("60 %", .percent, 60), ("60%", .percent, 60),
    ("150 ms", .duration, 0.15), ("10 s", .duration, 10), ("10 min", .duration, 600), ("2 h", .duration, 7200),
    ("1 d", .duration, 86_400), ("35 deg", .angle, 35), ("35°", .angle, 35), ("200 MB", .bytes, 2e8),
    ("2 GB", .bytes, 2e9), ("64 kB", .bytes, 64_000), ("3 ct/kWh", .price, 3), ("0.34 EUR/kWh", .price, 34),
    ("-10 °C", .temperature, -10), ("25 degC", .temperature, 25), ("  7   W ", .power, 7), ("+7 W", .power, 7),
  ])
  func values(_ text: String, _ dimension: Dimension, _ expected: Double) throws {
    #expect(abs(try Measure.value(text, dimension).get() - expected) < 1e-9)
  }

  @Test(arguments: [
    "", "W", "5", "five W", "5 kwh", "5 Wh", "1,5 W", "1..2 W", "5 W W", "1e3 W", "0x10 W", "5. W", "- W", "--5 W",
    "∞ W", "nan W",
  ])
  func noPower(_ text: String) {
    #expect(throws: Measure.Problem.self) { try Measure.value(text, .power).get() }
  }

  @Test func ranges() throws {
    #expect(try Measure.range("10..95 %", .percent).get() == 10...95)
    #expect(try Measure.range("6..16 A", .current).get() == 6...16)
    #expect(try Measure.range("-10..45.5 °C", .temperature).get() == -10...45.5)
    #expect(try Measure.range("1..2 kW", .power).get() == 1000...2000)
    for text in ["95..10 %", "10..10 %", "10 %", "10.. %", "..10 %", "10..95", "10..95 A", "1..2..3 %", "10 % .. 95 %"]
    {
      #expect(throws: Measure.Problem.self, "\(text)") { try Measure.range(text, .percent).get() }
    }
  }

  @Test func multiples() throws {
    let (phases, current) = try Measure.multiple("3 x 35 A", .current).get()
    #expect(phases == 3)
    #expect(current == 35)
    #expect(try Measure.multiple("1x16A", .current).get().value == 16)
    for text in ["35 A", "x 35 A", "3 x", "3 x 35", "3 x 35 W", "3 x 3 x 3 A", "three x 35 A"] {
      #expect(throws: Measure.Problem.self, "\(text)") { try Measure.multiple(text, .current).get() }
    }
  }

  @Test func valuesAreShownInTheUnitPeopleUse() {
    #expect(Dimension.power.text(of: 24_150) == "24.15 kW")
    #expect(Dimension.power.text(of: 0) == "0 W")
    #expect(Dimension.duration.text(of: 0.1) == "100 ms")
    #expect(Dimension.duration.text(of: 3600) == "1 h")
    #expect(Dimension.bytes.text(of: 20e6) == "20 MB")
    #expect(Dimension.temperature.text(of: -40) == "-40 °C")
  }

  @Test func noUnitIsWrittenInTwoDimensions() {
    let symbols = Dimension.allCases.flatMap { $0.units.map(\.symbol) }
    #expect(Set(symbols).count == symbols.count)
  }
}
