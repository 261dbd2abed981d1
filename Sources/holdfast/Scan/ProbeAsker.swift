import Commissioning
import DeviceProfile
import EnergyModel
import ModbusDevices
import Threads

/// Carries the questions of a scan to a connection. It belongs to the thread of its probe.
struct ProbeAsker: RegisterAsker {
  let probe: RegisterProbe
  let stop: ScanStop
  /// Rest between two requests, at least: nobody knows yet what the device wants.
  let pause: Duration
  /// What each unit wants.
  private var searches: [Int: RestSearch] = [:]
  let timeout: Duration
  /// The quickest answer since it was set to nil.
  var quickest: Duration?
  /// Questions that got something else than an answer, while no answer came at all.
  private(set) var nonsense = 0
  private(set) var answers = 0
  /// The link is gone for good.
  private(set) var lost: ProbeFailure?
  private var losses = 0

  init(_ probe: RegisterProbe, stop: ScanStop, pause: Duration, timeout: Duration) {
    self.probe = probe
    self.stop = stop
    self.pause = pause
    self.timeout = timeout
  }

  mutating func ask(_ block: ReadBlock, unit: Int, pause: Duration, timeout: Duration?) -> ScanAnswer {
    var search = searches[unit] ?? RestSearch(self.pause)
    defer { searches[unit] = search }
    let rested = max(pause, search.rest)
    let longer = search.longer(than: rested)
    for rest in [rested] + longer {
      let answer = askOnce(block, unit: unit, rest: rest, timeout: timeout)
      if answer == .silent { continue }
      if answer != .over { search.answered(after: rest, isRepeated: rest > rested) }
      return answer
    }
    search.missed()
    return .silent
  }

  private mutating func askOnce(_ block: ReadBlock, unit: Int, rest: Duration, timeout: Duration?) -> ScanAnswer {
    guard !stop.isOver, lost == nil else { return .over }
    // What speaks something else than Modbus, or hangs up each time, is let be.
    guard answers > 0 || nonsense < 4 else { return .over }
    let begin = MonotonicInstant.current
    do {
      let wait = max(timeout ?? .zero, self.timeout)
      let words = try probe.read(block, unit: unit, timeout: wait, pause: rest)
      answered(since: begin)
      return .registers(words)
    } catch {
      if let code = error.exception, !error.isSilence {
        answered(since: begin)
        return .refused(code)
      }
      if error.isWithoutLink {
        losses += 1
        if error.isPortTaken || losses >= 3 { lost = error }
        return lost == nil ? .silent : .over
      }
      if error.isNonsense { nonsense += 1 }
      return .silent
    }
  }

  /// What a unit says of itself. Where the question is met with silence it is not asked again.
  mutating func identification(unit: Int) -> DeviceIdentification? {
    guard !stop.isOver, lost == nil, isIdentificationKnown else { return nil }
    do { return try probe.identification(unit: unit, timeout: timeout, pause: searches[unit]?.rest ?? pause) } catch {
      if error.isSilence { isIdentificationKnown = false }
      return nil
    }
  }

  private var isIdentificationKnown = true

  private mutating func answered(since begin: MonotonicInstant) {
    answers += 1
    losses = 0
    let trip = MonotonicInstant.current - begin
    quickest = min(quickest ?? trip, trip)
  }

  /// Nobody who speaks Modbus is there.
  var isForeign: Bool { answers == 0 && nonsense >= 4 }
}
