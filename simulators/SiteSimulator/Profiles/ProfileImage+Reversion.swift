import DeviceProfile
import EnergyModel

/// What becomes of a command after it was written: registers that show it, and the device's own timer.
extension ProfileImage {
  /// Where another register shows what was written.
  mutating func show(_ index: Int, _ touched: Set<CellPlace>) {
    for write in profile.commands[index].writes {
      guard case .field(let field) = write.readBack, let start = place(write.start), touched.contains(start),
        let word = received[start], let shown = place(field.address), let type = WireType(rawValue: field.type.rawValue)
      else { continue }
      setShown(field, type.bits(Double(word)), at: shown)
    }
  }

  private mutating func setShown(_ field: RegisterField, _ bits: UInt64, at place: CellPlace) {
    cells.set(field.words(bits), at: place)
    for offset in 0..<field.type.width { written.insert(place.advanced(by: offset)) }
  }

  mutating func restart(_ index: Int) {
    let command = profile.commands[index]
    var seconds = command.reversion?.components.seconds ?? 0
    for (value, places) in command.writes.flatMap(located) where value == .reversionTime {
      seconds = Int64(received[places[0]] ?? 0)
    }
    timers[index].seconds = UInt16(clamping: command.onExpiry == .hold ? 0 : seconds)
    timers[index].restart()
  }

  /// The registers of a command as they are now.
  func restingWords(_ index: Int) -> [CellPlace: UInt16] {
    var words: [CellPlace: UInt16] = [:]
    for place in commandPlaces(index) { words[place] = cells[place] }
    return words
  }

  private func commandPlaces(_ index: Int) -> Set<CellPlace> {
    var places = Set(writable.filter { $0.value.contains(index) }.keys)
    for write in profile.commands[index].writes {
      guard case .field(let field) = write.readBack, let start = place(field.address) else { continue }
      places.formUnion((0..<field.type.width).map(start.advanced))
    }
    return places
  }

  /// Nobody has refreshed the command in time: the device releases it, or falls back to what was armed.
  mutating func revert(_ index: Int) {
    reversions += 1
    let command = profile.commands[index]
    let fallback = command.onExpiry == .safe ? armedFallback(command) : nil
    for place in commandPlaces(index) {
      // What was armed stays armed; only what was asked for goes.
      written.remove(place)
      if let word = resting[index][place] { cells[place] = word }
    }
    for kind in command.parameters { setpoints[kind] = fallback }
    if let fallback { showFallback(fallback, command) }
    encode()
  }

  /// What a charger was told to fall back to; zero where the profile knows of no such register.
  private func armedFallback(_ command: CommandDefinition) -> Double {
    for (value, places) in command.writes.flatMap(located) {
      guard case .failsafeCurrent(let field) = value else { continue }
      let words = places.compactMap { received[$0] }
      return words.count == places.count ? decoded(field, words) ?? 0 : 0
    }
    return 0
  }

  private mutating func showFallback(_ fallback: Double, _ command: CommandDefinition) {
    for write in command.writes {
      guard case .field(let shown) = write.readBack, let place = place(shown.address),
        case .parameter(_, let field, _, _)? = write.values.first, write.values.count == 1,
        let type = WireType(rawValue: shown.type.rawValue)
      else { continue }
      setShown(shown, type.bits((fallback - field.plus) / step(of: field.scale)), at: place)
    }
  }
}
