public import EnergyModel

extension RegisterRecording.Sample {
  /// What a profile makes of the sample, without a device.
  ///
  /// Each point is read for itself: one that was refused is `exception`, `not_implemented` where the device has no such
  /// register (exception 2) or nobody asked for it, `timeout` where there was no answer.
  public func readings(by profile: DeviceProfile) -> Result<[Reading], SunSpecDiscovery.Failure> {
    let registers = RecordedRegisters(self)
    var map: SunSpecMap?
    if profile.isSunSpec {
      switch registers.chain(counting: profile.countedRepetitions) {
      case .success(let found): map = found
      case .failure(let failure): return .failure(failure)
      }
    }
    let rules = ReadingRules(maximumRegisters: 125, isOneValuePerRequest: true)
    let plan = ReadPlan(profile.points, isSunSpec: profile.isSunSpec, rules: rules, RegisterLocator(map: map))
    var image = plan.emptyImage()
    for (index, block) in plan.blocks.enumerated() {
      switch registers.answer(block.space, block.start, block.count) {
      case .words(let words):
        image.registers.replaceSubrange(
          block.imageOffset..<block.imageOffset + block.count, with: words.map { $0 ?? 0 })
        image.blocks[index] = .good
      case .exception(2): image.blocks[index] = .notImplemented
      case .exception(10), .exception(11), .silence: image.blocks[index] = .timeout
      case .exception: image.blocks[index] = .exception
      }
    }
    return .success(plan.decode(image))
  }

  /// The serial number as the profile reads it; nil where it is not in the sample, or blanked out.
  public func serial(by profile: DeviceProfile) -> String? {
    let registers = RecordedRegisters(self)
    let map = profile.isSunSpec ? try? registers.chain(counting: profile.countedRepetitions).get() : nil
    var words: [UInt16] = []
    for block in ResolvedProfile(profile, map: map).serialBlocks {
      guard case .words(let found) = registers.answer(block.space, block.start, block.count) else { return nil }
      words += found.map { $0 ?? 0 }
    }
    return profile.serial?.text(in: words)
  }
}

extension RecordedRegisters {
  /// Some devices are silent where the chain ends, and have to be asked again.
  private static let patience = 64

  func chain(counting: [Int: Set<Int>]) -> Result<SunSpecMap, SunSpecDiscovery.Failure> {
    var discovery = SunSpecDiscovery(counting: counting)
    var silences = 0
    while true {
      switch discovery.action {
      case .found(let map): return .success(map)
      case .failed(let failure): return .failure(failure)
      case .read(let address, let count):
        let outcome = answer(.holding, address, count)
        if outcome == .silence { silences += 1 }
        if silences > Self.patience { return .failure(.noMarker) }
        discovery.take(outcome)
      }
    }
  }
}
