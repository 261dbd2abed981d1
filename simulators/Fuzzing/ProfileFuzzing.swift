import DeviceProfile
import EnergyModel
import SiteConfig

/// The reader of device profiles, and what is made of a profile that it takes.
enum ProfileFuzzing {
  static func feed(_ bytes: [UInt8], _ ground: FuzzGround) throws(FuzzFinding) {
    // The last bit of the first byte of a text with edits says which kind of profile it is; any other text may be both.
    let isOurs = bytes.first.map { $0 < 0x20 } ?? false
    if isOurs, bytes.count > 1, bytes[1] >= 0xF8 {
      return try mqtt(FuzzText(bytes, of: ground.mqttTexts))
    }
    let text = FuzzText(bytes, of: ground.profileTexts)
    switch ConfigurationLoader.loadProfile(text: text.text, name: text.name) {
    case .failure(let problems): try ProblemFuzzing.check(problems, of: text)
    case .success(let profile):
      var rest = text.rest
      try check(profile, &rest)
    }
    if !isOurs { try mqtt(text) }
  }

  private static func mqtt(_ text: FuzzText) throws(FuzzFinding) {
    switch ConfigurationLoader.loadMQTTProfile(text: text.text, name: text.name) {
    case .failure(let problems): try ProblemFuzzing.check(problems, of: text)
    case .success(let profile):
      let sensor = profile.sensor("device", topic: "home/relay")
      try FuzzFinding.require(!sensor.isFamily, "\(profile.name): a topic is left open")
      try FuzzFinding.require(!sensor.messages.isEmpty && !sensor.points.isEmpty, "\(profile.name) tells nothing")
      for value in profile.messages.flatMap(\.values) {
        let numbers = [value.scale, value.offset] + value.words.values
        try FuzzFinding.require(
          numbers.allSatisfy(\.isFinite), "\(profile.name): \(value.point.rawValue) by \(numbers)")
      }
      try FuzzFinding.require(
        profile.switching(topic: "home/relay").map { $0.on != $0.off && $0.topic.captures.isEmpty } ?? true,
        "\(profile.name): a switch that is switched by nothing")
    }
  }

  /// A device of that kind with any registers is read without a register that is not there, decoded into one reading for each
  /// point, and written only where the profile says.
  static func check(_ profile: DeviceProfile, _ bytes: inout FuzzBytes) throws(FuzzFinding) {
    let reading = profile.reading
    let pauses = [profile.lag, reading.pause, reading.writePause, reading.timeout, profile.connection.connectDelay]
    try FuzzFinding.require(
      (1...125).contains(reading.maximumRegisters) && pauses.allSatisfy { .zero <= $0 && $0 <= .seconds(600) }
        && reading.timeout > .zero && !profile.connection.framings.isEmpty,
      "\(profile.name) is read by \(reading)")
    let resolved = ResolvedProfile(profile, map: profile.isSunSpec ? map(of: profile, &bytes) : nil)
    let plan = resolved.readPlan
    try checkBlocks(plan.blocks, profile)
    try checkBlocks(resolved.serialBlocks, profile)
    try FuzzFinding.require(
      profile.isSunSpec || profile.serial == nil || !resolved.serialBlocks.isEmpty,
      "\(profile.name) has a serial number that no request reaches")
    for mark in profile.identity.marks {
      if let block = resolved.block(of: mark) { try checkBlock(block, most: 125) }
    }
    var image = plan.emptyImage()
    for index in image.blocks.indices { image.blocks[index] = bytes.choose(RegisterFuzzing.qualities) ?? .timeout }
    for index in image.registers.indices { image.registers[index] = bytes.word() }
    try RegisterFuzzing.check(resolved, image)
    try CommandPlanFuzzing.check(resolved, &bytes)
  }

  static func checkBlocks(_ blocks: [ReadBlock], _ profile: DeviceProfile) throws(FuzzFinding) {
    for block in blocks { try checkBlock(block, most: profile.reading.maximumRegisters) }
  }

  private static func checkBlock(_ block: ReadBlock, most: Int) throws(FuzzFinding) {
    try FuzzFinding.require(
      block.start >= 0 && block.start + block.count <= 65_536 && (1...most).contains(block.count),
      "\(block.count) registers are read at \(block.start), and \(most) are the most")
  }

  /// A device with the models that the profile names, each as long and with as many repetitions as the bytes say.
  private static func map(of profile: DeviceProfile, _ bytes: inout FuzzBytes) -> SunSpecMap {
    let fields = profile.points.flatMap(\.terms).map(\.field.address)
    let starts = profile.commands.flatMap(\.writes).map(\.start)
    var ids = Set<Int>()
    for case .sunSpec(let address) in fields + starts { ids.formUnion(address.models) }
    var map = SunSpecMap(base: 40_000, models: [])
    var address = 40_002
    let counting = profile.countedRepetitions
    for id in ids.sorted().prefix(32) {
      for _ in 0...Int(bytes.byte() % 3) {
        let length = 1 + Int(bytes.word()) % 400
        guard address + 2 + length < 65_536 else { return map }
        map.models.append(SunSpecModel(id: id, address: address, length: length))
        for offset in (counting[id] ?? []).sorted() where offset < length + 2 {
          map.counts[address + offset] = Int(bytes.byte())
        }
        address += 2 + length
      }
    }
    return map
  }
}
