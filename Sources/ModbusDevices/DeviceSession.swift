import DeviceProfile
import EnergyModel

/// What a bus knows of one of its devices: its models, whether it is the right one, how it fares. It lives
/// on the thread of the bus.
final class DeviceSession {
  let device: BusDevice
  let link: ModbusLink
  let time: any TimeSource
  let samples: any SampleSink
  private let events: any EventSink
  private let connectTimeout: Duration

  /// Nil until a SunSpec device's models are known.
  private(set) var resolved: ResolvedProfile?
  /// Changes whenever ``resolved`` does.
  private(set) var planVersion = 0
  /// Counts where the registers were found: what was encoded for an earlier place is not written any more.
  private(set) var adoption = 0
  private var discovery: SunSpecDiscovery
  /// The device was found to be laid out otherwise than ``resolved`` says.
  private var isMoved = false
  private var verifiedGeneration: UInt64 = 0
  /// When the newest request for registers went out.
  private(set) var asked: Moment?

  var image = RegisterImage(registerCount: 0, blockCount: 0)
  /// Of each group of blocks: when it is to be read again.
  var groupDue: [MonotonicInstant] = []
  var search = RegisterSearch()
  var plausibility: Plausibility
  private var late = LateReplies()
  private let store: RegisterStore?
  var blockBackOffs: [BackOff] = []
  /// Where a poll begins: it moves on when the device was silent, so that one register that swallows
  /// requests cannot pass for a dead device for ever.
  var firstBlock = 0
  var identity: IdentityCheck
  var health = DeviceHealth()
  /// A command that waits until the device may be written again.
  var waitingJob: WriteJob?
  var lastWrite: MonotonicInstant?
  /// Until when what was asked for last is wanted; nil while nothing was taken.
  var wantedUntil: MonotonicInstant?
  var lastBeat: MonotonicInstant?
  /// While nobody asks anything of the device, so that its timer runs out; nil where reading does not keep that going.
  var fallBack: Range<MonotonicInstant>?
  /// When each of the writes that are only repeated now and then was carried out on this connection.
  var repeated: [EncodedWrite: MonotonicInstant] = [:]

  init(
    _ device: BusDevice, link: ModbusLink, connectTimeout: Duration, store: RegisterStore? = nil,
    time: any TimeSource, samples: any SampleSink, events: any EventSink
  ) {
    self.device = device
    self.link = link
    self.connectTimeout = connectTimeout
    self.store = store
    self.time = time
    self.samples = samples
    self.events = events
    plausibility = Plausibility(rollOvers: device.profile.rollOvers)
    identity = IdentityCheck(expected: device.serial)
    discovery = SunSpecDiscovery(counting: device.profile.countedRepetitions)
    if !device.profile.isSunSpec { adopt(ResolvedProfile(device.profile)) }
  }

  var rules: ReadingRules { device.profile.reading }

  /// Sees to it that the connection stands and that the device behind it is laid out as we believe.
  func prepare() throws(SessionFailure) {
    do { try link.connect(timeout: connectTimeout) } catch { throw .request(error) }
    guard verifiedGeneration != link.generation || isMoved else { return }
    if device.profile.isSunSpec, isMoved ? true : try !modelsStand() { try discover() }
    isMoved = false
    identity.connectionChanged()
    repeated = [:]
    verifiedGeneration = link.generation
  }

  /// The device may be another one, or have another firmware, when it answers again.
  func wasSilent() { verifiedGeneration = 0 }

  func read(_ block: ReadBlock, into registers: inout [UInt16]) throws(ModbusFailure) {
    if late.isSuspect(at: time.now().monotonic) { try settle(near: block) }
    try ask(block, into: &registers)
  }

  /// Asks something that no late answer can be mistaken for the answer to.
  private func settle(near block: ReadBlock) throws(ModbusFailure) {
    guard let question = late.question(near: block, limit: rules.maximumRegisters) else { return }
    var ignored: [UInt16] = Array(repeating: 0, count: question.count)
    do {
      try ask(question, into: &ignored)
    } catch {
      // A refusal is an answer too.
      if error.isSilence { throw error }
    }
    late.settled()
  }

  private func ask(_ block: ReadBlock, into registers: inout [UInt16]) throws(ModbusFailure) {
    link.rest(rules.pause, unit: device.unit)
    asked = time.now()
    do {
      try link.read(block, unit: device.unit, timeout: rules.timeout, into: &registers)
    } catch {
      if error.leavesAnswerOpen { late.missed(block, at: time.now().monotonic) }
      throw error
    }
  }

  func read(_ block: ReadBlock) throws(ModbusFailure) -> [UInt16] {
    var registers: [UInt16] = Array(repeating: 0, count: block.count)
    try read(ReadBlock(space: block.space, start: block.start, count: block.count), into: &registers)
    return registers
  }

  /// After a reconnect: do ID and L of the models in use stand where they were? A new firmware or
  /// another device may have moved them.
  private func modelsStand() throws(SessionFailure) -> Bool {
    guard let resolved else { return false }
    for model in resolved.usedModels {
      do {
        let header = try read(ReadBlock(space: .holding, start: model.address, count: 2))
        guard header.map(Int.init) == [model.id, model.length] else { return false }
      } catch {
        if error.isSilence { throw .request(error) }
        return false
      }
    }
    return true
  }

  private func discover() throws(SessionFailure) {
    while true {
      switch discovery.action {
      case .read(let address, let count):
        do {
          discovery.received(try read(ReadBlock(space: .holding, start: address, count: count)))
        } catch {
          if error.isSilence {
            discovery.timedOut()
            throw .request(error)
          }
          discovery.refused()
        }
      case .found(let map):
        discovery.restart()
        if isMoved || map != resolved?.map { adopt(ResolvedProfile(device.profile, map: map)) }
        return
      case .failed(let failure):
        discovery.restart()
        throw .discovery(failure)
      }
    }
  }

  /// What was read says that the models are elsewhere: they are looked for before anything else is read or written.
  func modelsMoved() { isMoved = true }

  private func adopt(_ resolved: ResolvedProfile) {
    search = RegisterSearch()
    adoption += 1
    layOut(resolved)
  }

  private func layOut(_ resolved: ResolvedProfile) {
    self.resolved = resolved
    planVersion += 1
    image = resolved.readPlan.emptyImage()
    blockBackOffs = Array(repeating: BackOff(), count: resolved.readPlan.blocks.count)
    groupDue = Array(repeating: time.now().monotonic, count: resolved.readPlan.groups.count)
    firstBlock = 0
  }

  /// Lays the blocks out anew where that follows from what a poll brought.
  func learn(_ outcomes: [RegisterSearch.Outcome]) {
    guard let resolved, search.note(outcomes, of: resolved.readPlan.blocks, at: time.now().monotonic) else { return }
    layOut(resolved.avoiding(search.refused))
  }

  /// What others may read through us.
  func store(_ block: ReadBlock, every: Duration?) {
    guard let store, let asked else { return }
    let registers = image.registers[block.imageOffset..<block.imageOffset + block.count]
    store.put(
      Array(registers), unit: device.unit, block.space, block.start, at: asked.monotonic,
      validFor: max(RegisterStore.leastValidity, max(device.period, every ?? .zero) * 3))
  }

  /// A fresh random number for back-offs.
  var jitter: Double { Double.random(in: 0..<1) }

  func tell(_ notice: DeviceHealth.Notice?) {
    guard let notice else { return }
    var data: [String: Event.Value] = ["unit": .integer(Int64(device.unit))]
    if notice.name == "wrong-serial", let difference = identity.difference {
      data["configured"] = .text(difference.expected)
      data["reported"] = .text(difference.reported)
    }
    events.post(
      Event(
        at: time.now(), name: notice.name, severity: notice.severity, device: device.id,
        text: notice.text, data: data))
  }
}
