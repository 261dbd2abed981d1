import Commissioning
import DeviceProfile
import EnergyModel
import ModbusDevices

/// Scans what is behind one TCP port or on one serial line. It blocks, and belongs to a thread of its own.
struct BusScan {
  let profiles: [DeviceProfile]
  let plan: ScanPlan
  let stop: ScanStop
  let timeout: Duration
  /// What was found so far, with each unit.
  let publish: @Sendable (ScannedBus) -> Void

  /// Nil where nobody accepts a connection.
  func tcp(host: String, port: Int, connectTimeout: Duration) -> (bus: ScannedBus?, failure: ProbeFailure?) {
    let endpoint = BusEndpoint.tcp(host: host, port: port)
    for attempt in 0..<2 where !stop.isOver {
      // Some want to be left alone after a connection was made. They are asked again where nobody answered.
      let delay: Duration = attempt == 0 ? .zero : .seconds(1)
      let probe = RegisterProbe(endpoint, connectDelay: delay, connectTimeout: connectTimeout)
      defer { probe.close() }
      do { try probe.connect() } catch { return (nil, error) }
      var asker = ProbeAsker(probe, stop: stop, pause: .milliseconds(20), timeout: timeout)
      let bus = units(of: ScannedBus(endpoint), isThorough: attempt > 0, asker: &asker)
      if !bus.units.isEmpty { return (bus, nil) }
      if asker.isForeign {
        let text =
          "accepts connections and answers no question in Modbus TCP; or it serves one client, and another is connected"
        return (ScannedBus(endpoint, notes: [text]), nil)
      }
    }
    return (ScannedBus(endpoint, notes: ["accepts connections, but no unit answers"]), nil)
  }

  private func units(of empty: ScannedBus, isThorough: Bool, asker: inout ProbeAsker) -> ScannedBus {
    let scan = UnitScan(profiles)
    var bus = empty
    let known = Set(profiles.compactMap(\.unit) + [1])
    let units = isThorough ? plan.units.filter(known.contains) : plan.units
    for unit in units where !stop.isOver && asker.lost == nil {
      guard scan.isThere(unit: unit, thoroughly: isThorough, asker: &asker) else { continue }
      let ignores =
        bus.units.isEmpty && unit != ScanPlan.nobody && scan.isThere(unit: ScanPlan.nobody, asker: &asker)
      add(unit, ignores, scan, &bus, &asker)
      if ignores { break }
    }
    return bus
  }

  private func add(_ unit: Int, _ ignores: Bool, _ scan: UnitScan, _ bus: inout ScannedBus, _ asker: inout ProbeAsker) {
    asker.quickest = nil
    var found = scan.identify(unit: unit, ignoresUnits: ignores, asker: &asker)
    found.roundTrip = asker.quickest
    if found.map == nil, let told = asker.identification(unit: found.best?.unit ?? unit) {
      found.take(manufacturer: told.vendor, model: told.product, version: told.revision)
    }
    bus.units.append(found)
    publish(bus)
  }

  /// - Throws: where there is no such port, or somebody else has it.
  func serial(path: String, progress: (SerialLine) -> Void) throws(ProbeFailure) -> ScannedBus? {
    var asked: [SerialLine: Set<Int>] = [:]
    for attempt in plan.attempts where !stop.isOver {
      progress(attempt.line)
      let probe = RegisterProbe(.serial(path: path, line: attempt.line))
      defer { probe.close() }
      try probe.connect()
      let scan = UnitScan(profiles, line: attempt.line)
      var asker = ProbeAsker(
        probe, stop: stop, pause: .milliseconds(50), timeout: max(timeout, attempt.line.longestAnswer))
      for unit in attempt.units where !stop.isOver && asker.lost == nil {
        let isThere = scan.isThere(unit: unit, asker: &asker)
        asked[attempt.line, default: []].insert(unit)
        guard isThere else { continue }
        // These are the line's settings: everybody on it has them.
        var bus = ScannedBus(.serial(path: path, line: attempt.line))
        add(unit, false, scan, &bus, &asker)
        for other in plan.lineUnits where !stop.isOver && asker.lost == nil {
          guard asked[attempt.line]?.contains(other) != true, scan.isThere(unit: other, asker: &asker) else {
            continue
          }
          add(other, false, scan, &bus, &asker)
        }
        return bus
      }
    }
    return nil
  }
}

extension SerialLine {
  /// How long the longest answer takes, 255 bytes of 11 bits, and half as much for the device to begin.
  fileprivate var longestAnswer: Duration { .milliseconds(Int64(255 * 11 * 1500 / baud)) }
}
