/// Why a profile is experimental: it reads, and writes only where the installer has confirmed it.
public enum ProfileDoubt: Hashable, Sendable, CustomStringConvertible {
  /// Nothing shows that its registers mean what it says.
  case noEvidence
  /// All its evidence was derived by hand from the facts.
  case derivedEvidence
  /// The registers that these commands write rest on one source.
  case singleSource(commands: [String])

  public var description: String {
    switch self {
    case .noEvidence: "the profile has no evidence"
    case .derivedEvidence: "no published example confirms its registers"
    case .singleSource(let commands): "what \(commands.joined(separator: " and ")) writes rests on one source"
    }
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
    }
    let single = commands.filter { ($0.confidence ?? confidence) == .single }.map(\.name)
    if !single.isEmpty { doubts.append(.singleSource(commands: single)) }
    return doubts
  }

  /// Whether it can only be trusted to read.
  public var isExperimental: Bool { !doubts.isEmpty }
}
