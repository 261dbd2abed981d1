import DeviceProfile
import EnergyModel

/// What became of one poll.
enum PollOutcome: Hashable, Sendable {
  case answered
  /// Nothing was heard of the device.
  case silent
  /// Nothing can be heard of any device of this bus. No sample was given.
  case linkDown(ModbusFailure)
  /// The bus stops. No sample was given.
  case abandoned
}

/// The count of one poll.
private struct PollTally {
  /// When the first request that was answered went out; nil while there was none. No value of the poll is older, however
  /// long its answers or this process were held up since.
  var answered: Moment?
  var silences = 0
  var failure: SessionFailure?
  var hasRetried = false
  /// What the device refused, in words, and was not known to refuse.
  var refusal: String?
  var outcomes: [RegisterSearch.Outcome] = []

  /// A device that was never heard is not asked again in this poll, and one that fell silent not a
  /// third time: the others on the bus wait.
  var isHopeless: Bool { failure?.linkFailure != nil || silences >= (answered == nil ? 1 : 2) }
}

extension DeviceSession {
  /// Reads all blocks that are due and gives one sample.
  /// - Parameter interlude: called between two requests; false abandons the poll.
  func poll(interlude: () -> Bool) -> PollOutcome {
    if isLeftToFallBack(at: time.now().monotonic) { return .answered }
    var tally = PollTally()
    attempt(&tally) { () throws(SessionFailure) in try prepare() }
    guard tally.failure == nil, let plan = resolved?.readPlan else { return finishSilent(tally) }
    let version = planVersion
    let begin = time.now().monotonic
    let due = dueGroups(plan, begin)
    var tried: [Int] = []
    for step in plan.blocks.indices {
      let index = (firstBlock + step) % plan.blocks.count
      if let due, !due.contains(plan.group(of: index)) { continue }
      image.blocks[index] = .timeout
      if search.isLeftAlone(plan.blocks[index], at: begin) {
        image.blocks[index] = .notImplemented
        continue
      }
      if tally.isHopeless || blockBackOffs[index].isWaiting(at: begin) { continue }
      if !tried.isEmpty && !interlude() { return .abandoned }
      tried.append(index)
      let quality = readBlock(index, of: plan, version, &tally)
      guard version == planVersion else { return finishSilent(tally) }
      image.blocks[index] = quality
    }
    if plan.movedModel(in: image) != nil {
      modelsMoved()
      return finishSilent(tally)
    }
    guard tally.answered != nil || tried.isEmpty && tally.silences == 0 else { return finishSilent(tally) }
    // Where everything that is due is left alone, its marks are of now.
    let measured = tally.answered ?? time.now()
    var readings = plan.decode(image, groups: due)
    plausibility.check(&readings, measured: measured.monotonic)
    if !readings.isEmpty { samples.accept(Sample(device: device.id, measured: measured, readings: readings)) }
    for (index, group) in plan.groups.enumerated() where due?.contains(index) ?? true {
      // What was not heard stays due; its own back-off says when.
      if !image.blocks[group.blocks].contains(.timeout) { groupDue[index] = begin + (group.every ?? .zero) }
    }
    if tally.answered != nil {
      settle(tried, tally)
      beat()
    }
    return tally.failure?.linkFailure.map { .linkDown($0) } ?? .answered
  }

  /// The groups of blocks whose turn it is; nil for all of them. Polls come a little early or late.
  private func dueGroups(_ plan: ReadPlan, _ begin: MonotonicInstant) -> Set<Int>? {
    let due = plan.groups.indices.filter { plan.groups[$0].every == nil || groupDue[$0] <= begin + device.period / 2 }
    return due.count == plan.groups.count ? nil : Set(due)
  }

  /// Every point of the profile is marked, known models or not.
  func markSilent(_ reason: String) {
    let readings = device.profile.points.map { Reading($0.point, quality: .timeout) }
    samples.accept(Sample(device: device.id, measured: time.now(), readings: readings))
    tell(health.silent(reason))
  }

  private func readBlock(_ index: Int, of plan: ReadPlan, _ version: Int, _ tally: inout PollTally) -> Quality {
    let block = plan.blocks[index]
    let failure = attempt(&tally) { () throws(SessionFailure) in
      // After a reconnect within the poll, the device is verified before anything is believed again.
      try prepare()
      guard version == planVersion else { return }
      try readIntoImage(block)
    }
    func note(isRefused: Bool) {
      tally.outcomes.append(.init(block: block, boundaries: plan.boundaries[index], isRefused: isRefused))
    }
    guard let failure else {
      tally.answered = tally.answered ?? asked
      note(isRefused: false)
      if version == planVersion { store(block, every: plan.groups[plan.group(of: index)].every) }
      return .good
    }
    guard case .request(let request) = failure, !request.isSilence else { return .timeout }
    tally.answered = tally.answered ?? asked
    let isKnown = search.isAbsent(block)
    if !isKnown {
      tally.refusal = "refuses \(block.space.rawValue) \(block.start)...\(block.start + block.count - 1): \(request)"
    }
    if request.reason == .exception(2) { note(isRefused: true) }
    return isKnown ? .notImplemented : .exception
  }

  private func readIntoImage(_ block: ReadBlock) throws(SessionFailure) {
    do { try read(block, into: &image.registers) } catch { throw .request(error) }
  }

  /// Carries a request out, and once more at once where the peer had closed the connection. Silences
  /// are counted.
  @discardableResult
  private func attempt(_ tally: inout PollTally, _ request: () throws(SessionFailure) -> Void) -> SessionFailure? {
    while true {
      do {
        try request()
        return nil
      } catch {
        if error.isBrokenConnection && !tally.hasRetried {
          tally.hasRetried = true
          continue
        }
        if case .request(let failure) = error, !failure.isSilence { return error }
        tally.silences += 1
        tally.failure = error
        return error
      }
    }
  }

  /// After a poll in which the device was heard.
  private func settle(_ tried: [Int], _ tally: PollTally) {
    for index in tried where image.blocks[index] != .timeout { blockBackOffs[index].reset() }
    if tally.silences > 0 {
      let now = time.now().monotonic
      for index in tried where image.blocks[index] == .timeout { blockBackOffs[index].failed(at: now, jitter: jitter) }
    }
    if let notice = health.answered() {
      search.deviceReturned(at: time.now().monotonic)
      tell(notice)
    }
    if let refusal = tally.refusal { tell(health.refused(refusal)) } else { health.refusedNothing() }
    if tally.silences == 0 { checkIdentity() }
    learn(tally.outcomes)
  }

  private func finishSilent(_ tally: PollTally) -> PollOutcome {
    if let failure = tally.failure?.linkFailure { return .linkDown(failure) }
    if !blockBackOffs.isEmpty { firstBlock = (firstBlock + 1) % blockBackOffs.count }
    for index in blockBackOffs.indices { blockBackOffs[index].reset() }
    wasSilent()
    markSilent(tally.failure?.description ?? "its models changed while it was read")
    return .silent
  }
}

extension ReadPlan {
  fileprivate func group(of block: Int) -> Int { groups.firstIndex { $0.blocks.contains(block) } ?? 0 }
}
