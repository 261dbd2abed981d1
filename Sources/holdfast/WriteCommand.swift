import ArgumentParser
import Commissioning
import DeviceProfile
import EnergyModel
import Foundation
import ModbusDevices
import SiteConfig
import Threads

/// Tells a device something by hand: shows what will be written, asks, reads back, and releases at the end.
struct WriteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "write",
    abstract: "Tells a device a setpoint by hand, after asking; shows the read-back, and releases it at the end.",
    usage: "holdfast write DEVICE POINT VALUE [POINT VALUE …] [--for 60s] [--keep] [--yes]",
    discussion: """
      POINT is something that the device's profile has a command for, VALUE carries its unit: charge_limit_w 3 kW,
      discharge_limit_w -2 kW (charges), production_limit_w 0 W, charging_current_a 10 A, relay_on off, sg_ready_state 1.
      What a command wants besides is left free.
      """)

  @Argument(help: "The device's or load's name in the configuration.")
  var device: String

  @Argument(parsing: .allUnrecognized, help: "Points and values.")
  var words: [String]

  @OptionGroup var site: SiteFileOptions
  @OptionGroup var state: StateOptions

  @Option(name: .customLong("for"), help: "How long it is kept up before it is released: 60s, 5m.")
  var duration = "60s"

  @Flag(help: "Write once and leave it: the device does what it does when nobody writes any more.")
  var keep = false

  @Flag(help: "Do not ask.")
  var yes = false

  private var values: [SetpointKind: Double] { get throws { try SetpointArguments.values(words) } }

  private var length: Duration {
    get throws {
      guard case .after(let length) = try EndArgument(duration: duration), length <= .seconds(3600) else {
        throw ValidationError("--for lies in 1s…60m")
      }
      return length
    }
  }

  func validate() throws {
    guard !words.isEmpty else { throw ValidationError("say what: POINT VALUE") }
    _ = try (values, length)
  }

  func run() async throws {
    ProcessLimits.ignoreBrokenPipes()
    ProcessLimits.limitDescriptors()
    let configuration = try site.load()
    guard case .modbus(let bus, let device) = try configuration.requirePlace(of: device) else {
      throw refused("\(device) is on MQTT, and only Modbus devices are written by hand")
    }
    if let reason = configuration.onlyReadReason(device.id) { throw refused("\(device.id) is only read: \(reason)") }
    let asked = try values
    guard let command = device.profile.commands.first(where: { Set(asked.keys).isSubset(of: $0.parameters) }) else {
      let kinds = device.profile.commands.flatMap(\.parameters).map(\.rawValue).joined(separator: ", ")
      throw refused(
        kinds.isEmpty ? "\(device.id) can only be read" : "\(device.id) has no such command; it can be told: \(kinds)")
    }
    let bounds = DeviceBounds(device.id, in: configuration.control)
    let values = bounds.completed(asked, for: command)
    if let vanity = bounds.vanity(of: values, for: command) { throw refused("\(device.id): \(vanity)") }
    let consent = try Consent.terminal(orYes: yes)
    let lock = try await AgentPresence.exclude(configuration, stateFolder: state.folder)
    defer { withExtendedLifetime(lock) {} }
    Interrupt.listen()
    try await OwnThread.run(name: "write") {
      let talk = BusTalk(bus, only: [device.id], time: SystemTime(trust: .declared))
      defer { talk.close() }
      let hand = Hand(talk: talk.devices[0], command: command, bounds: bounds)
      try write(values, hand, at: bus.endpoint.text, consent)
    }
  }

  private func write(
    _ values: [SetpointKind: Double], _ hand: Hand, at place: String, _ consent: Consent
  ) throws {
    let device = hand.talk.device
    let poll = hand.talk.poll()
    guard let before = poll.sample else {
      complain("holdfast: \(device.id) at \(place), unit \(device.unit): \(poll.trouble ?? "no answer")")
      if poll.isPortTaken { complain(ReadCommand.portTaken) }
      throw ExitCode(69)
    }
    if let refusal = hand.identityRefusal() { throw refused(refusal) }
    if let refusal = hand.bounds.refusal(of: values, given: before) { throw refused("\(device.id): \(refusal)") }
    let plan: [DeviceTalk.PlannedWrite]
    switch hand.talk.plan(values) {
    case .success(let writes): plan = writes
    case .failure(let refusal): throw refused("\(device.id): \(refusal)")
    }
    print("\(device.id): \(device.profile.title) at \(place), unit \(device.unit)")
    print(device.serial.map { "serial number \($0), as configured" } ?? "its profile knows no serial number")
    print("\(hand.command.name): \(Hand.text(values))")
    for line in Hand.lines(plan) { print("  \(line)") }
    print(hand.command.expirySentence)
    let release = try release(after: values, hand, before: before)
    print(release.map { "Afterwards it is released: \(Hand.text($0))" } ?? "It is not released afterwards.")
    guard consent.agrees(to: "Write this?") else {
      print("Nothing was written.")
      throw ExitCode(Interrupt.hasCome ? 130 : 1)
    }
    // Who is asked may take an hour to answer.
    guard let now = hand.talk.poll().sample else {
      throw refused("\(device.id): no longer answers. Nothing was written.")
    }
    if let refusal = hand.bounds.refusal(of: values, given: now) { throw refused("\(device.id): \(refusal)") }
    guard !Interrupt.hasCome else {
      print("Nothing was written.")
      throw ExitCode(130)
    }
    var failure = hand.carryOut(values, plan)
    if failure == nil, !keep { failure = try hold(values, hand, shown: points(hand.command)) }
    if let release {
      var problem = hand.release(release)
      if let first = problem {
        print("\(first) It is tried again for \(Hand.patience.components.seconds) s.")
        fflush(nil)
        Hand.patiently {
          problem = hand.release(release)
          return problem == nil
        }
      }
      if problem == nil { print("Released: \(Hand.text(release))") }
      failure = [failure, problem].compactMap(\.self).reduce(nil) { all, one in
        all.map { "\($0)\nholdfast: \(one)" } ?? one
      }
    }
    if let failure {
      complain("holdfast: \(failure)")
      throw ExitCode(1)
    }
    if release == nil { print("Left as it is. \(hand.command.expirySentence)") }
  }

  /// What sets the device free at the end; nil where it is left as it is.
  private func release(
    after values: [SetpointKind: Double], _ hand: Hand, before: Sample
  ) throws -> [SetpointKind: Double]? {
    guard !keep else { return nil }
    do {
      switch try hand.aftermath(of: values, before: before) {
      case .release(let release): return release
      case .byItself: return nil
      case .underCommand:
        print("It was found under a command, and is left to its timer.")
        return nil
      }
    } catch {
      throw refused("\(hand.talk.device.id): \(error)")
    }
  }

  /// Keeps the value up as the agent would, at half of the device's timer, and shows what it does.
  private func hold(_ values: [SetpointKind: Double], _ hand: Hand, shown: [Point]) throws -> String? {
    print("Kept up for \(duration); Ctrl-C releases it at once.")
    let refresh = hand.command.reversion.map { $0 / 2 }
    let begin = ContinuousClock.now
    let end = begin + (try length)
    var due = refresh.map { begin + $0 }
    while ContinuousClock.now < end {
      guard Interrupt.sleep(min(.seconds(2), end - .now)) else {
        print("\nInterrupted.")
        return nil
      }
      if let next = due, ContinuousClock.now >= next {
        if let problem = hand.carryOut(values, [], isTold: false) { return problem }
        due = refresh.map { .now + $0 }
      }
      let poll = hand.talk.poll()
      let told = shown.compactMap { point in poll.sample?[point] }
      let text = told.map { "\($0.point.rawValue) \($0.value == nil ? $0.quality.rawValue : $0.valueText)" }
      print(
        "  \((.now - begin).components.seconds) s: \(poll.sample == nil ? "no answer" : text.joined(separator: ", "))")
      fflush(nil)
    }
    return nil
  }

  /// What shows that something happens.
  private func points(_ command: CommandDefinition) -> [Point] {
    let usual: [Point] =
      command.parameters.contains(.chargeLimit)
      ? [.batteryPower, .soc] : command.parameters == [.relayOn] ? [.relayOn] : [.power]
    return ([command.effect] + usual.map { $0 }).compactMap(\.self).reduce(into: []) { all, point in
      if !all.contains(point) { all.append(point) }
    }
  }

  private func refused(_ reason: String) -> ExitCode {
    complain("holdfast: \(reason)")
    return ExitCode(77)
  }
}
