public import EnergyDispatch
import EnergyModel
import SiteSimulator

/// One site-day made of one number: the same seed and the same step repeat it exactly. On every other day everything asks
/// for power while channels limit it.
public struct SeedRun: Sendable {
  public struct Result: Sendable {
    public var seed: UInt64
    public var violation: Violation?
    public var steps: Int
    /// What went wrong on that day, for whoever looks for the cause.
    public var faults: [Fault]
    /// What control said when the violation was found.
    public var sentence: String?
    public var writes: Int
  }

  public let seed: UInt64
  public let step: Double
  public let hours: Double
  public let hasFaults: Bool
  public let description: SiteDescription
  public let faults: [Fault]
  private let start: Timestamp
  private let meterLag: Double
  private static let firstDay = Timestamp(milliseconds: 1_767_225_600_000)

  public init(seed: UInt64, step: Double = 10, hours: Double = 24, hasFaults: Bool = true) {
    self.seed = seed
    self.step = step
    self.hours = hours
    self.hasFaults = hasFaults
    var random = Random(seed: seed, stream: 21)
    var extras = Random(seed: seed, stream: 22)
    var description = RandomSite.make(&random)
    meterLag = random.pick([0, 0, 1, 3])
    start = Self.firstDay + .seconds(86_400 * random.whole(0...364))
    let faults = FaultPlan.make(description.parameters, hours: hours, &random)
    RandomExtras.add(to: &description, &extras)
    var all = faults + FaultPlan.extras(description.parameters, hours: hours, &extras)
    if seed.isMultiple(of: 2) {
      var demanding = Random(seed: seed, stream: 23)
      RandomExtras.makeDemanding(&description.parameters, &demanding)
      all += FaultPlan.demandingHours(description, hours: hours, &demanding)
    }
    self.description = description
    self.faults = hasFaults ? all : []
  }

  /// - Parameters:
  ///   - end: hours; the rest of the day is left out.
  ///   - watch: called after each step, before it is judged.
  ///   - told: what control is told of the site, where that is not the truth.
  public func run(
    until end: Double? = nil, _ watch: (SiteLoop.Step, SiteLoop) -> Void = { _, _ in },
    told: (inout SiteParameters) -> Void = { _ in }
  ) -> Result {
    var loop = SiteLoop(description, seed: seed, start: start, step: step, faults: faults, told: told)
    loop.meterLag = meterLag
    var judge = Judge(loop.plant.description.parameters, step: step)
    let steps = Int(min(hours, end ?? hours) * 3600 / step)
    for index in 0..<steps {
      let done = loop.advance()
      watch(done, loop)
      if let found = judge.look(done, loop.plant) {
        return Result(
          seed: seed, violation: found, steps: index + 1, faults: faults,
          sentence: done.outcome?.decision.sentence, writes: loop.writes)
      }
    }
    return Result(seed: seed, violation: nil, steps: steps, faults: faults, sentence: nil, writes: loop.writes)
  }
}
