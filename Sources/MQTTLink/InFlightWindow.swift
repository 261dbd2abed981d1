/// Bounds what is under way: libmosquitto's outgoing queue has no bound of its own (traps, libmosquitto 4).
///
/// A message keeps its place until the owner has *read* its acknowledgement, so that the events that wait
/// to be read are bounded along with it.
struct InFlightWindow: Sendable {
  private let messages: Int
  private let bytes: Int
  private var sizes: [UInt64: Int] = [:]
  private var usedBytes = 0
  private var unreadAcknowledgements = 0

  init(messages: Int, bytes: Int) {
    self.messages = max(1, messages)
    self.bytes = bytes
  }

  /// True when nothing waits for its acknowledgement.
  var isEmpty: Bool { sizes.isEmpty }

  /// Takes a place; false when there is none, or when a message of this id is under way already.
  mutating func admit(_ id: UInt64, size: Int) -> Bool {
    guard sizes.count + unreadAcknowledgements < messages, sizes[id] == nil else { return false }
    // A message larger than the whole window would otherwise wait for ever.
    guard sizes.isEmpty || usedBytes + size <= bytes else { return false }
    sizes[id] = size
    usedBytes += size
    return true
  }

  /// False for an id that is not under way.
  mutating func acknowledge(_ id: UInt64) -> Bool {
    guard let size = sizes.removeValue(forKey: id) else { return false }
    usedBytes -= size
    unreadAcknowledgements += 1
    return true
  }

  /// The owner took so many acknowledgements.
  mutating func acknowledgementsRead(_ count: Int) { unreadAcknowledgements -= count }

  /// The connection is gone, and with it everything unacknowledged.
  mutating func forget() {
    sizes.removeAll()
    usedBytes = 0
  }
}
