package import DeviceProfile
package import EnergyModel
import Synchronization

/// The registers that were read last, by unit and place, for others to read. Nothing here ever causes a request.
package final class RegisterStore: Sendable {
  /// Values of devices that are read often are good for that long; of others for three of their periods.
  static let leastValidity = Duration.seconds(5)

  enum Answer: Hashable, Sendable {
    case registers([UInt16])
    /// No such unit on this bus.
    case unknownUnit
    /// Some of them are none that we read.
    case unknownRegister
    /// What was read is too old to be passed on.
    case tooOld
  }

  private struct Page: Hashable, Sendable {
    var unit: Int
    var space: RegisterSpace
  }

  private struct Block: Sendable {
    var start: Int
    var registers: [UInt16]
    var until: MonotonicInstant

    var range: Range<Int> { start..<start + registers.count }
  }

  private let units: Set<Int>
  /// Blocks of a page by their start.
  private let pages = Mutex<[Page: [Int: Block]]>([:])

  package init(units: Set<Int>) { self.units = units }

  /// - Parameters:
  ///   - at: when the registers were asked for.
  ///   - validFor: how long after that they are passed on.
  package func put(
    _ registers: [UInt16], unit: Int, _ space: RegisterSpace, _ start: Int, at: MonotonicInstant, validFor: Duration
  ) {
    let block = Block(start: start, registers: registers, until: at + validFor)
    pages.withLock { pages in
      let page = Page(unit: unit, space: space)
      // Blocks are laid out anew when a device's models or readable registers change: what is covered is gone.
      for (key, old) in pages[page] ?? [:] where key != start && block.range.overlaps(old.range) {
        pages[page]?[key] = nil
      }
      pages[page, default: [:]][start] = block
    }
  }

  /// All of the registers or none, each as it was read last.
  func read(_ count: Int, unit: Int, _ space: RegisterSpace, _ start: Int, at now: MonotonicInstant) -> Answer {
    guard units.contains(unit) else { return .unknownUnit }
    let found = pages.withLock { pages in
      (pages[Page(unit: unit, space: space)] ?? [:]).values.filter { $0.range.overlaps(start..<start + count) }
    }
    // Whether a device has a register is only known once it has been read.
    if found.isEmpty, !isKnown(unit) { return .tooOld }
    var registers: [UInt16] = []
    for block in found.sorted(by: { $0.start < $1.start }) {
      let next = start + registers.count
      guard block.range.contains(next) else { return .unknownRegister }
      registers += block.registers[(next - block.start)..<min(block.registers.count, start + count - block.start)]
    }
    guard registers.count == count else { return .unknownRegister }
    return found.allSatisfy { $0.until >= now } ? .registers(registers) : .tooOld
  }

  private func isKnown(_ unit: Int) -> Bool { pages.withLock { pages in pages.keys.contains { $0.unit == unit } } }
}
