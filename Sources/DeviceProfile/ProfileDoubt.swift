/// Why a profile is experimental: it reads, and writes only where the installer has confirmed it.
public enum ProfileDoubt: Hashable, Sendable, CustomStringConvertible {
  /// Nothing shows that its registers mean what it says.
  case noEvidence
  /// All its evidence was derived by hand from the facts.
  case derivedEvidence
  /// Examples confirm what it reads, and none confirms what these commands write.
  case derivedCommands([String])
  /// The registers that these commands write rest on one source.
  case singleSource(commands: [String])

  public var description: String {
    switch self {
    case .noEvidence: "the profile has no evidence"
    case .derivedEvidence: "no published example confirms its registers"
    case .derivedCommands(let commands): "no published example confirms what \(Self.named(commands))"
    case .singleSource(let commands): "what \(Self.named(commands)) rests on one source"
    }
  }

  private static func named(_ commands: [String]) -> String {
    commands.joined(separator: " and ") + (commands.count == 1 ? " writes" : " write")
  }
}

extension DeviceProfile {
  /// Empty where the profile can be relied on.
  public var doubts: [ProfileDoubt] {
    var doubts: [ProfileDoubt] = []
    if evidence.isEmpty {
      doubts.append(.noEvidence)
    } else if !evidence.contains(where: { $0.origin == .published }) {
      doubts.append(.derivedEvidence)
    } else {
      let derived = commands.filter { command in !evidence.contains { $0.confirms(command) } }
      if !derived.isEmpty { doubts.append(.derivedCommands(derived.map(\.name))) }
    }
    let single = commands.filter { ($0.confidence ?? confidence) == .single }.map(\.name)
    if !single.isEmpty { doubts.append(.singleSource(commands: single)) }
    return doubts
  }

  /// Whether it can only be trusted to read.
  public var isExperimental: Bool { !doubts.isEmpty }
}

extension Evidence {
  /// Whether others have published what the command becomes. An example of what is read says nothing of that.
  fileprivate func confirms(_ command: CommandDefinition) -> Bool {
    origin == .published && written != nil && Set(asked.keys) == Set(command.parameters)
  }
}
