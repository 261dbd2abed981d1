import DeviceProfile
import EnergyModel

extension DeviceSession {
  /// Reads the serial number where that is due. A failure delays the next attempt and nothing else; it
  /// is handed back for those who wait for the answer.
  @discardableResult
  func checkIdentity() -> ModbusFailure? {
    guard identity.isDue(at: time.now().monotonic) else { return nil }
    var serial: [UInt16] = []
    do {
      for block in resolved?.serialBlocks ?? [] { serial += try read(block) }
    } catch {
      tell(identity.failed(error.description, at: time.now().monotonic, jitter: jitter))
      return error
    }
    if let text = device.profile.serial?.text(in: serial) {
      tell(identity.received(text))
    } else {
      let reason = serial.isEmpty ? "the device has no register for it" : "the device reports none"
      tell(identity.failed(reason, at: time.now().monotonic, jitter: jitter))
    }
    return nil
  }
}
