import EnergyModel
import Testing

@testable import DeviceProfile

@Suite struct BlockLayoutTests {
  private func span(_ start: Int, _ count: Int, _ space: RegisterSpace = .holding, model: Int? = nil) -> RegisterSpan {
    RegisterSpan(space: space, start: start, count: count, model: model)
  }

  private func blocks(_ spans: [RegisterSpan], maximum: Int = 125, gap: Int = 8) -> [[Int]] {
    BlockLayout(spans.map { [$0] }, rules: ReadingRules(maximumRegisters: maximum, maximumGap: gap)).blocks.map {
      [$0.start, $0.count]
    }
  }

  @Test("gaps up to the permitted one are read along")
  func gaps() {
    #expect(blocks([span(0, 2), span(10, 2)]) == [[0, 12]])
    #expect(blocks([span(0, 2), span(11, 2)]) == [[0, 2], [11, 2]])
    #expect(blocks([span(0, 1), span(2, 1)], gap: 0) == [[0, 1], [2, 1]])
    #expect(blocks([span(0, 1), span(1, 1)], gap: 0) == [[0, 2]])
  }

  @Test("a block never gets too long and a field is never split")
  func maximum() {
    #expect(blocks([span(0, 2), span(2, 2), span(4, 2)], maximum: 5) == [[0, 4], [4, 2]])
    #expect(blocks([span(0, 4), span(4, 4)], maximum: 1) == [[0, 4], [4, 4]])
    #expect(blocks([span(0, 2), span(0, 2), span(1, 1)], maximum: 1) == [[0, 2]])
    #expect(blocks((0..<100).map { span(2 * $0, 2) }, maximum: 1000) == [[0, 124], [124, 76]])
  }

  @Test("spaces are read apart")
  func spaces() {
    let layout = BlockLayout(
      [[span(0, 1, .coil)], [span(1, 1, .holding)], [span(2, 1, .coil)]], rules: ReadingRules())
    #expect(layout.blocks.map(\.space) == [.coil, .holding])
    #expect(layout.blocks.map(\.count) == [3, 1])
  }

  @Test("a model is read in one request whatever its gaps, and never together with another")
  func models() {
    let spans = [span(40102, 1, model: 103), span(40071, 1, model: 103), span(40123, 1, model: 120)]
    #expect(blocks(spans, gap: 0) == [[40071, 32], [40123, 1]])
    #expect(blocks([span(100, 1, model: 1), span(101, 1, model: 2)]) == [[100, 1], [101, 1]])
  }

  @Test("every span is found in the image")
  func positions() {
    let spans = [span(30, 2), span(0, 2), span(5, 1), span(4, 2)]
    let layout = BlockLayout(spans.map { [$0] }, rules: ReadingRules())
    #expect(layout.blocks.map(\.imageOffset) == [0, 6])
    #expect(layout.registerCount == 8)
    #expect(layout.position(of: spans[0]) == BlockLayout.Position(block: 1, offset: 6))
    #expect(layout.position(of: spans[1]) == BlockLayout.Position(block: 0, offset: 0))
    #expect(layout.position(of: spans[2]) == BlockLayout.Position(block: 0, offset: 5))
    #expect(layout.position(of: spans[3]) == BlockLayout.Position(block: 0, offset: 4))
  }
}
