import EnergyModel
import Glibc
import SiteSimulator

/// Answers on their way to one client, and when each may leave, in order.
struct Outbox {
  private var pieces: [(due: MonotonicInstant, bytes: [UInt8], isLast: Bool)] = []
  private(set) var waitingBytes = 0
  /// Whether the descriptor takes nothing more, so that only its drain helps.
  private(set) var isBlocked = false

  /// When the next piece leaves; nil where none waits.
  var due: MonotonicInstant? { pieces.first?.due }

  /// When what waits has left.
  var end: MonotonicInstant? { pieces.last?.due }

  /// - Parameter start: when the device has answered.
  mutating func put(_ sending: FaultyTransport.Sending, from start: MonotonicInstant) {
    for (index, piece) in sending.pieces.enumerated() {
      let isLast = sending.endsConnection && index == sending.pieces.count - 1
      pieces.append((start + piece.after, piece.bytes, isLast))
      waitingBytes += piece.bytes.count
    }
  }

  /// Sends what is due; false where the connection is over.
  mutating func flush(_ now: MonotonicInstant, _ write: (UnsafeRawBufferPointer) -> Int) -> Bool {
    isBlocked = false
    while !isBlocked, let first = pieces.first, first.due <= now {
      let sent = first.bytes.withUnsafeBytes { write($0) }
      if sent == first.bytes.count {
        pieces.removeFirst()
        waitingBytes -= sent
        if first.isLast { return false }
      } else if sent > 0 {
        pieces[0].bytes.removeFirst(sent)
        waitingBytes -= sent
      } else if sent < 0, errno == EAGAIN {
        isBlocked = true
      } else {
        return false
      }
    }
    return true
  }
}
