import EnergyModel

/// What devices measure: the site's truth, a script's values, or both.
extension Bench {
  /// False where the script names a device that there is none of.
  public mutating func follow(_ script: ValueScript) -> Bool {
    guard script.lines.allSatisfy({ line in line.device.map { names.contains($0) } ?? true }) else { return false }
    values += script.lines
    values.sort { $0.second < $1.second }
    takeValues()
    return true
  }

  /// Takes the lines that are due.
  mutating func takeValues() {
    while let next = values.first, next.second <= elapsed.seconds {
      values.removeFirst()
      for place in units.keys where next.device == nil || units[place]?.name == next.device {
        forced[place, default: [:]].merge(next.values) { $1 }
        withContent(place) { $0.take(next.values) }
      }
    }
  }

  mutating func measure(_ place: Place) {
    guard let role = roles[place], let truth = site?.world.truth else { return }
    let measured = truth.points(as: role).mapValues(Optional.init)
    let values = measured.merging(forced[place] ?? [:]) { $1 }
    withContent(place) { $0.take(values) }
  }

  mutating func withContent(_ place: Place, _ body: (inout any UnitImage) -> Void) {
    guard case .image(var image) = units[place]?.content else { return }
    body(&image)
    units[place]?.content = .image(image)
  }

  public var names: [String] { units.values.map(\.name).sorted() }
}
