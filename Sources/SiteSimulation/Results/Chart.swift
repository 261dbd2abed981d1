import EnergyModel
import Glibc

/// Draws a run as SVG: powers above, controlled consumers in the middle, state of charge below.
public struct Chart: Sendable {
  private static let width = 1200.0
  private static let left = 70.0
  private static let right = 20.0
  private typealias Line = (name: String, colour: String, isDashed: Bool, value: (Trace.Point) -> Double?)
  private typealias Panel = (title: String, top: Double, height: Double, range: ClosedRange<Double>, lines: [Line])

  private let trace: Trace
  private let title: String
  /// Hour of the local day at which the run began.
  private let firstHour: Double

  public init(_ trace: Trace, title: String, firstHour: Double) {
    self.trace = trace
    self.title = title
    self.firstHour = firstHour
  }

  public var svg: String {
    let panels = [
      panel(
        "kW at the busbar", top: 60, height: 300,
        [
          ("load", "#444444", false, { $0.load / 1000 }), ("PV", "#e0a000", false, { $0.production / 1000 }),
          ("battery", "#2a8f4a", false, { $0.battery / 1000 }), ("grid", "#b03030", false, { $0.grid / 1000 }),
          ("feed-in cap", "#b03030", true, { $0.exportLimit.map { $0 / 1000 } }),
        ]),
      panel(
        "kW of what is controlled", top: 410, height: 150,
        [
          ("car", "#2060c0", false, { $0.chargers / 1000 }), ("heat pump", "#8040a0", false, { $0.heatPumps / 1000 }),
          ("legal limit", "#b03030", true, { $0.legalLimit.map { $0 / 1000 } }),
        ]),
      (
        "state of charge, %", 610.0, 120.0, 0.0...100.0,
        [("SoC", "#2a8f4a", false, { (point: Trace.Point) -> Double? in point.soc })] as [Line]
      ),
    ]
    var text =
      """
      <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 770" font-family="sans-serif" font-size="13">
      <rect width="1200" height="770" fill="#ffffff"/>
      <text x="70" y="28" font-size="17" font-weight="bold">\(Self.escaped(title))</text>

      """
    for panel in panels { text += draw(panel) }
    return text + "</svg>\n"
  }

  private func panel(_ title: String, top: Double, height: Double, _ lines: [Line]) -> Panel {
    let values = trace.points.flatMap { point in lines.compactMap { $0.value(point) } }
    let low = min(0, values.min() ?? 0)
    let high = max(1, values.max() ?? 1)
    let step = Self.step(high - low)
    return (title, top, height, ((low / step).rounded(.down) * step)...((high / step).rounded(.up) * step), lines)
  }

  /// 1, 2 or 5 times a power of ten, so that an axis has about five marks.
  private static func step(_ span: Double) -> Double {
    let power = pow(10, floor(log10(span / 5)))
    return [1, 2, 5, 10].map { $0 * power }.first { span / $0 <= 6 } ?? 10 * power
  }

  private func draw(_ panel: Panel) -> String {
    var text = "<text x=\"\(Self.number(Self.left))\" y=\"\(Self.number(panel.top - 8))\">\(panel.title)</text>\n"
    var legend = Self.left + 190
    for line in panel.lines {
      let dash = line.isDashed ? " stroke-dasharray=\"6 4\"" : ""
      text += "<path d=\"M\(Self.number(legend)) \(Self.number(panel.top - 12))h24\" stroke=\"\(line.colour)\""
      text += " stroke-width=\"2\"\(dash)/>"
      text += "<text x=\"\(Self.number(legend + 29))\" y=\"\(Self.number(panel.top - 8))\">\(line.name)</text>\n"
      legend += 50 + 8 * Double(line.name.count)
    }
    text += axes(panel)
    for line in panel.lines { text += curve(line, panel) }
    return text
  }

  private func axes(_ panel: Panel) -> String {
    var text = ""
    let bottom = panel.top + panel.height
    let step = Self.step(panel.range.upperBound - panel.range.lowerBound)
    var mark = panel.range.lowerBound
    while mark <= panel.range.upperBound + 1e-9 {
      let y = Self.number(y(mark, panel))
      let colour = abs(mark) < 1e-9 ? "#888888" : "#e4e4e4"
      text +=
        "<path d=\"M\(Self.number(Self.left)) \(y)H\(Self.number(Self.width - Self.right))\" stroke=\"\(colour)\"/>"
      text +=
        "<text x=\"62\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">\(JSONText.decimal(mark, step < 1 ? 1 : 0))</text>\n"
      mark += step
    }
    let hours = (trace.points.last?.second ?? 0) / 3600
    let spacing = hours <= 30 ? 3.0 : hours <= 80 ? 6 : 24
    var hour = (firstHour / spacing).rounded(.up) * spacing - firstHour
    while hour <= hours {
      let x = Self.number(x(hour * 3600))
      text += "<path d=\"M\(x) \(Self.number(panel.top))V\(Self.number(bottom))\" stroke=\"#f0f0f0\"/>"
      let clock = JSONText.decimal((firstHour + hour).truncatingRemainder(dividingBy: 24), 0)
      let name = spacing < 24 ? clock + ":00" : "day \(Int((firstHour + hour) / 24))"
      text += "<text x=\"\(x)\" y=\"\(Self.number(bottom + 16))\" text-anchor=\"middle\">\(name)</text>\n"
      hour += spacing
    }
    return text
  }

  private func curve(_ line: Line, _ panel: Panel) -> String {
    var path = ""
    var isDown = false
    for point in trace.points {
      guard let value = line.value(point) else {
        isDown = false
        continue
      }
      path += "\(isDown ? "L" : "M")\(Self.number(x(point.second))) \(Self.number(y(value, panel)))"
      isDown = true
    }
    guard !path.isEmpty else { return "" }
    let dash = line.isDashed ? " stroke-dasharray=\"6 4\"" : ""
    return "<path d=\"\(path)\" fill=\"none\" stroke=\"\(line.colour)\" stroke-width=\"1.4\"\(dash)/>\n"
  }

  private func x(_ second: Double) -> Double {
    let last = max(1, trace.points.last?.second ?? 1)
    return Self.left + (Self.width - Self.left - Self.right) * second / last
  }

  private func y(_ value: Double, _ panel: Panel) -> Double {
    let span = panel.range.upperBound - panel.range.lowerBound
    return panel.top + panel.height * (panel.range.upperBound - value) / span
  }

  private static func number(_ value: Double) -> String { JSONText.decimal(value, 1) }

  private static func escaped(_ text: String) -> String {
    text.map { $0 == "&" ? "&amp;" : $0 == "<" ? "&lt;" : $0 == ">" ? "&gt;" : String($0) }.joined()
  }
}
