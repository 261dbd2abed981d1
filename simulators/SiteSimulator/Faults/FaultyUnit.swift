/// The faults of one device, and what they make of its answers.
struct FaultyUnit: Sendable {
  private(set) var faults: [ActiveFault] = []
  /// The device as it was before writes that are to be taken back, and when.
  private var reversion: (due: Duration, before: any UnitImage)?

  var isHealthy: Bool { faults.isEmpty && reversion == nil }

  mutating func add(_ fault: ActiveFault) { faults.append(fault) }

  mutating func heal() { faults.removeAll() }

  /// Ends what is over, and takes back the writes whose time has come.
  mutating func tend(_ image: inout any UnitImage, now: Duration) {
    faults.removeAll { fault in fault.end.map { $0 <= now } ?? false }
    if let reversion, reversion.due <= now {
      image.restoreSettings(of: reversion.before)
      self.reversion = nil
    }
  }

  /// Those that hit this exchange.
  mutating func biting() -> [ActiveFault] {
    var biting: [ActiveFault] = []
    for index in faults.indices where faults[index].bites() { biting.append(faults[index]) }
    return biting
  }

  var isSecondClientRefused: Bool { faults.contains { $0.fault == .refuseSecond } }

  /// The answer to one request, and the faults that it meets on its way; a nil answer is silence.
  mutating func answer(
    _ body: [UInt8], _ image: inout any UnitImage, now: Duration
  ) -> (body: [UInt8]?, onTheWay: [DeviceFault]) {
    let biting = biting()
    let kinds = biting.map(\.fault)
    if kinds.contains(.silence) { return (nil, []) }
    let onTheWay = kinds.filter { !$0.isOfValues }
    for case .exception(let code) in kinds { return ([(body.first ?? 0) | 0x80, code], onTheWay) }
    do throws(ModbusException) {
      let request = try ModbusRequest(body)
      if image.isSilent(to: request) { return (nil, []) }
      let reply =
        request.isWrite
        ? try write(request, &image, kinds, now)
        : try read(request, &image, biting)
      return (reply.unit(answering: body), onTheWay)
    } catch {
      return ([(body.first ?? 0) | 0x80, error.rawValue], onTheWay)
    }
  }

  private func read(
    _ request: ModbusRequest, _ image: inout any UnitImage, _ biting: [ActiveFault]
  ) throws(ModbusException) -> ModbusReply {
    let reply = try image.answer(request)
    if case .registers(let words) = reply {
      let live = image
      return .registers(biting.reduce(words) { $1.bent($0, of: request, live: live) })
    }
    guard case .bits = reply, let frozen = biting.first(where: { $0.fault == .frozen(nil) }) else { return reply }
    var before = frozen.before
    return try before.answer(request)
  }

  private mutating func write(
    _ request: ModbusRequest, _ image: inout any UnitImage, _ kinds: [DeviceFault], _ now: Duration
  ) throws(ModbusException) -> ModbusReply {
    let before = image
    let reply = try image.answer(request)
    if kinds.contains(.ignoreWrites) { image = before }
    for case .revertWrites(let delay) in kinds where reversion == nil { reversion = (now + delay, before) }
    return reply
  }
}
