import EnergyModel

/// Keeps the import of the site below what a channel allows, `grid ≤ import_power`, by the merit order of
/// ``ImportRelief``. Class legal limit or contract, by the channel; the strictest of its class counts. When it is over, what
/// was held back is given back step by step.
struct ImportLimitRule: Rule {
  /// A limit on the import has to show within this time: what is cheap may be tried before anybody is switched off.
  private static let reaction: [SiteParameters.Channel.Class: Duration] = [
    .legal: .seconds(30), .contract: .seconds(60),
  ]
  /// Many sites are released together: restorations are spread over this long.
  private static let spread: Duration = .seconds(120)

  let channels: SiteParameters.Channel.Class
  private let relief: ImportRelief
  private let reaction: Duration
  let name: String
  let subject = ""
  var precedence: RuleClass { channels.precedence }

  init(site: SiteParameters, channels: SiteParameters.Channel.Class) {
    self.channels = channels
    relief = ImportRelief(site: site)
    reaction = Self.reaction[channels] ?? .zero
    name = "\(channels.name) import limit"
  }

  func evaluate(_ input: RuleInput, _ memory: inout ReliefMemory) -> Contribution {
    let limit = input.channels.strictest(.importPower, channels)
    let isUnsure = memory.isLost || memory.shed.areSuspectsUnknown
    if limit == nil, !memory.isActive, !isUnsure { return Contribution() }
    let goal = limit.map { limit in
      ImportRelief.Goal(
        limit: limit.value, lasts: limit.lasts(at: input.now.monotonic), reaction: reaction, cause: limit.cause,
        reason: limit.reason(input), spread: Self.spread)
    }
    var contribution = Contribution(limits: relief.limits(goal, input, &memory))
    contribution.room = memory.room.map { PickUpRoom(room: [$0]) }
    contribution.isBlind = goal != nil && input.view.grid?.power == nil
    return contribution
  }
}
