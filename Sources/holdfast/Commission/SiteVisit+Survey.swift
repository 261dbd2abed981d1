import Commissioning
import EnergyDispatch
import DeviceProfile
import EnergyModel
import ModbusDevices
import SiteConfig

/// What can be seen while nothing is asked of anybody.
extension SiteVisit {
  func survey() throws(Interrupted) {
    for device in devices {
      if isWanted(device.id) { say("\(device.id), \(device.profile.title), at \(device.bus.endpoint.text)") }
      try survey(device)
    }
    if let meter, isWanted(meter.id) { note(SignChecks.meter(meter.id, meter.survey)) }
    for sub in configuration.control.subMeters where isWanted(sub.device) {
      guard let device = devices.first(where: { $0.id == sub.device }) else { continue }
      note(SignChecks.meter(device.id, device.survey))
    }
    for hybrid in hybrids where isWanted(hybrid.id) && !hybrid.survey.isEmpty {
      let strings = configuration.control.hybrids.first { $0.device == hybrid.id }?.pvPeak.value ?? 0
      note(SignChecks.inverter(hybrid.id, hybrid.survey, hasStrings: strings > 0))
    }
  }

  private func survey(_ device: VisitedDevice) throws(Interrupted) {
    var polls: [Survey.Poll] = []
    for turn in 0..<Self.pollsOfSurvey {
      if turn > 0 { try pause(.milliseconds(500)) }
      guard !Interrupt.hasCome else { throw Interrupted() }
      let poll = device.talk.poll()
      polls.append(Survey.Poll(sample: poll.sample, duration: poll.duration, trouble: poll.trouble))
      if poll.isPortTaken { break }
    }
    let survey = Survey(
      device: device.id, polls: polls, needed: configuration.control.neededPoints(of: device.id))
    device.survey = survey.samples
    guard isWanted(device.id) else { return }
    note(survey.findings)
    guard !survey.samples.isEmpty else { return }
    if let map = device.talk.models { note(Survey.modelsFinding(device.id, map)) }
    do {
      device.serial = try device.talk.serial()
      note(
        Survey.serialFinding(
          device.id, configured: device.device.serial, reported: device.serial,
          knowsSerial: device.profile.serial != nil))
    } catch {
      note(Finding(device.id, "serial", .failed, "cannot be read: \(error)"))
    }
  }

  /// Whether a device may be tried: it is well, it is the one that was meant, and somebody agreed.
  func mayTry(_ device: VisitedDevice, _ check: String, _ question: String) throws(Interrupted) -> Bool {
    func skip(_ reason: String) -> Bool {
      note(Finding(device.id, check, .open, reason))
      return false
    }
    if device.survey.isEmpty { return skip("not tried: it does not answer") }
    if let reason = device.onlyRead { return skip("not tried: \(reason)") }
    if isReadOnly { return skip("not tried: --read-only") }
    if findings.hasFailed(device.id, among: ["reachable", "points", "live", "serial"]) {
      return skip("not tried: first it has to be the right device, and well")
    }
    if device.profile.serial != nil, device.serial == nil || device.serial != device.device.serial {
      return skip("not tried: it is not known to be the right device")
    }
    return try agrees(device.id, check, question)
  }

  /// Says what will be done, and asks.
  func agrees(_ device: DeviceID, _ check: String, _ question: String) throws(Interrupted) -> Bool {
    say("\(device): \(question)")
    if consent.agrees(to: "Try it?") { return true }
    guard !Interrupt.hasCome else { throw Interrupted() }
    note(Finding(device, check, .open, "not tried: nobody agreed"))
    return false
  }
}
