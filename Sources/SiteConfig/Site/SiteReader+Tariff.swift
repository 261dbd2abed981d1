import EnergyDispatch
import EnergyModel

extension SiteReader {
  func readTariff(_ value: ConfigValue) -> SiteParameters.Tariff? {
    guard let section = ConfigSection(value, keys: ["buy", "sell"]) else { return nil }
    let prices = "a price such as 30 ct/kWh, or prices by time such as {\"06:00-22:00\": 34 ct/kWh}"
    let buy = section.required("buy", prices).flatMap { priceWindows($0, range: 0...1000) }
    let sell = section["sell"].map { priceWindows($0, range: -1000...1000) }
    guard let buy, let sell = sell ?? [.init(start: 0, end: DayWindow.minutesOfDay, price: 0)] else { return nil }
    // One price all day has no windows.
    return .init(buy: buy, sell: sell[0].price, sellWindows: sell.count > 1 ? sell : [])
  }

  /// One price, or windows that cover each minute of the day once. Energy that is bought has a price not below zero here:
  /// what is paid for taking it comes by the market, not by a configuration.
  private func priceWindows(
    _ value: ConfigValue, range: ClosedRange<Double>
  ) -> [SiteParameters.Tariff.Window]? {
    guard value.isMapping else {
      return value.measure(.price, in: range).map { [.init(start: 0, end: DayWindow.minutesOfDay, price: $0)] }
    }
    var cover = DayCover()
    var isComplete = true
    let windows = (value.pairs("prices by time") ?? []).compactMap { key, entry -> SiteParameters.Tariff.Window? in
      let price = entry.measure(.price, in: range)
      guard let window = DayTime.window(key) else {
        entry.problems.add(
          line: entry.line, path: entry.path, "\"\(key)\" is no time of the day: expected such as 22:00-06:00")
        isComplete = false
        return nil
      }
      if let other = cover.add(window, key) {
        entry.problems.add(line: entry.line, path: entry.path, "overlaps with \(other): two prices at the same time")
      }
      return price.map { .init(start: window.start, end: window.end, price: $0) }
    }
    if isComplete, let gap = cover.firstGap {
      value.problems.add(
        line: value.line, path: value.path,
        "no price from \(DayTime.text(gap.start)) to \(DayTime.text(gap.end)): the whole day has to be covered")
      return nil
    }
    return windows.isEmpty ? nil : windows
  }
}

/// Which minutes of the day are taken, and by whom.
struct DayCover {
  private var owners: [String?] = Array(repeating: nil, count: DayWindow.minutesOfDay)

  /// Who has some of it already.
  mutating func add(_ window: DayWindow, _ name: String) -> String? {
    var other: String?
    for minute in owners.indices where window.contains(minute) {
      other = other ?? owners[minute]
      owners[minute] = owners[minute] ?? name
    }
    return other
  }

  var firstGap: DayWindow? {
    guard let start = owners.firstIndex(of: nil) else { return nil }
    return DayWindow(start: start, end: owners[start...].firstIndex { $0 != nil } ?? owners.count)
  }
}
