/// A kind of appliance: how often it is started and what it takes while it runs.
struct Appliance: Sendable {
  struct Stage: Sendable {
    var power: ClosedRange<Double>
    var seconds: ClosedRange<Double>
    /// Thermostats switch: seconds on, seconds off.
    var cycle: (on: Double, off: Double)?
  }

  /// Hours of the day in which it is started; outside it is started at a tenth of the rate.
  let hours: [Range<Double>]
  /// 0...2, or nil for any.
  let phase: Int?
  /// var per W.
  let reactive: Double
  let stages: [Stage]
  /// Starts an hour in its ``hours``.
  private let rate: Double

  init(startsPerDay: Double, hours: [Range<Double>], phase: Int?, reactive: Double, stages: [Stage]) {
    self.hours = hours
    self.phase = phase
    self.reactive = reactive
    self.stages = stages
    let favoured = hours.reduce(0) { $0 + $1.upperBound - $1.lowerBound }
    rate = startsPerDay / (favoured + (24 - favoured) / 10)
  }

  /// Starts an hour at this hour of the day.
  func rate(hour: Double) -> Double { hours.contains { $0.contains(hour) } ? rate : rate / 10 }

  /// A household of four in round figures.
  static let all: [Appliance] = [kettle, hob, oven, washer, dishwasher, screen, vacuum, pulse]

  static let kettle = Appliance(
    startsPerDay: 6, hours: [6..<9, 15..<17, 19..<21], phase: 0, reactive: 0,
    stages: [Stage(power: 1900...2200, seconds: 90...220)])
  static let hob = Appliance(
    startsPerDay: 2.2, hours: [7..<8, 11.5..<13, 17.5..<19.5], phase: 1, reactive: 0.05,
    stages: [
      Stage(power: 1700...2200, seconds: 240...420),
      Stage(power: 1200...1800, seconds: 600...1500, cycle: (on: 6, off: 9)),
    ])
  static let oven = Appliance(
    startsPerDay: 0.6, hours: [11..<13, 17..<19], phase: 2, reactive: 0,
    stages: [
      Stage(power: 2400...2800, seconds: 420...600),
      Stage(power: 2400...2800, seconds: 1200...2400, cycle: (on: 35, off: 80)),
    ])
  static let washer = Appliance(
    startsPerDay: 0.8, hours: [8..<12, 14..<18], phase: 1, reactive: 0.25,
    stages: [
      Stage(power: 1900...2100, seconds: 700...1100), Stage(power: 120...320, seconds: 2000...3000),
      Stage(power: 400...600, seconds: 300...500),
    ])
  static let dishwasher = Appliance(
    startsPerDay: 0.7, hours: [13..<15, 20..<22], phase: 2, reactive: 0.1,
    stages: [
      Stage(power: 1900...2100, seconds: 800...1000), Stage(power: 60...120, seconds: 1800...2400),
      Stage(power: 1900...2100, seconds: 400...600),
    ])
  static let screen = Appliance(
    startsPerDay: 3, hours: [8..<12, 17..<22], phase: 0, reactive: 0.2,
    stages: [Stage(power: 60...220, seconds: 3600...10_000)])
  static let vacuum = Appliance(
    startsPerDay: 0.4, hours: [9..<12, 15..<18], phase: 0, reactive: 0.2,
    stages: [Stage(power: 600...900, seconds: 400...1200)])
  /// Pumps, compressors, thermostats, coffee grinders: short and all the time.
  static let pulse = Appliance(
    startsPerDay: 3200, hours: [6..<23], phase: nil, reactive: 0.3,
    stages: [Stage(power: 60...420, seconds: 4...20)])
}

/// One appliance while it runs.
struct RunningAppliance: Sendable {
  let phase: Int
  let reactive: Double
  private var power = 0.0
  private var cycle: (on: Double, off: Double)?
  private var age = 0.0
  private var remaining = 0.0
  private var pending: ArraySlice<Appliance.Stage>

  init(_ kind: Appliance, using random: inout Random) {
    phase = kind.phase ?? min(2, Int(random.unit() * 3))
    reactive = kind.reactive
    pending = kind.stages[...]
    advance(0, using: &random)
  }

  /// W at this moment.
  var draw: Double {
    guard let cycle else { return power }
    return age.truncatingRemainder(dividingBy: cycle.on + cycle.off) < cycle.on ? power : 0
  }

  var isFinished: Bool { remaining <= 0 && pending.isEmpty }

  mutating func advance(_ seconds: Double, using random: inout Random) {
    age += seconds
    remaining -= seconds
    guard remaining <= 0, let stage = pending.popFirst() else { return }
    power = random.between(stage.power)
    remaining = random.between(stage.seconds)
    cycle = stage.cycle
    age = 0
  }
}
