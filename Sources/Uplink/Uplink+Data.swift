import EnergyModel

/// Keeps count of the month's data.
extension Uplink {
  static let longestUnsaved = Duration.seconds(60)

  private var dataKey: String { "uplink-data/\(settings.destination)" }

  /// Goes on counting where the last start ended. Until the journal is open it is not known where that was, and
  /// nothing is saved over it.
  func restoreData() async throws {
    guard data != nil, !isDataRestored, store.boot > 0 else { return }
    let saved = try await states.load(dataKey)
    isDataRestored = true
    if let saved { data?.restore(saved, at: time.now()) }
    showData()
  }

  /// Counts a message that went or came.
  func countData(_ topic: String, _ payload: [UInt8]) {
    guard data != nil else { return }
    data?.count(topic: topic, payload: payload.count, at: time.now())
    isDataUnsaved = true
    showData()
  }

  /// Whether the month's data allow a message of this lane.
  func affords(_ lane: LaneScheduler.Lane, bytes: Int = 0) -> Bool {
    guard let data else { return true }
    switch lane {
    case .live: return data.allows(.telemetry, bytes: bytes)
    case .events: return data.allows(.events, bytes: bytes)
    case .backlog: return data.allows(.backlog, bytes: bytes)
    }
  }

  /// Warns, and saves what changed at most once a minute.
  func tendData() {
    guard data != nil else { return }
    let now = time.now()
    if let reason = data?.takeWarning(at: now), let data {
      warn(
        "data-budget-low", "\(settings.destination): \(reason)",
        ["used_bytes": .integer(Int64(data.used)), "budget_bytes": .integer(Int64(data.limit))])
      isDataUnsaved = true
    }
    showData()
    if let dataSaved, now.monotonic - dataSaved < Self.longestUnsaved { return }
    saveData()
  }

  func saveData() {
    guard let data, isDataRestored, isDataUnsaved else { return }
    states.save(data.saved(), under: dataKey)
    isDataUnsaved = false
    dataSaved = time.now().monotonic
  }

  private func showData() {
    guard let data else { return }
    count {
      $0.dataBytes = UInt64(data.used)
      $0.dataBudgetBytes = UInt64(data.limit)
    }
  }
}
