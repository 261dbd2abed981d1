public import EnergyModel

/// Notices that the agent crashes over and over, and says that only what protects may act until it has run well for a
/// while. Pure: the composition root tells it of starts and stops and keeps its text.
///
/// A run that was not ended by a clean stop counts as a crash. Three of them (``Settings/crashes``) within ten minutes
/// (``Settings/within``) put the guard up, and as long a time without a crash takes it down. How long nothing ran between two runs
/// is known to no monotonic clock, so that it counts as no time at all: the worst case.
public struct CrashGuard: Sendable {
  public struct Settings: Hashable, Sendable {
    /// 2 or more.
    public var crashes: Int
    /// Of running time.
    public var within: Duration

    public init(crashes: Int = 3, within: Duration = .seconds(600)) {
      self.crashes = crashes
      self.within = within
    }
  }

  public static let storeKey = "crash-guard"
  private static let title = "holdfast crash guard 1"
  /// Runs are told to the store in steps of this length, rounded down.
  private static let step: Duration = .seconds(30)

  private let settings: Settings
  private let started: MonotonicInstant
  /// How long before this run's start each crash was, as running time: the newest first.
  private var ages: [Duration]
  private var told: Duration = .zero
  /// True while only what protects may act.
  public private(set) var isUp: Bool

  /// - Parameter saved: what ``saved`` gave last in the run before. Nil where there was none. What cannot be understood
  ///   is one crash.
  public init(_ settings: Settings, saved: [UInt8]?, at now: MonotonicInstant) {
    self.settings = settings
    started = now
    let crashes = saved.map { Self.ages($0) ?? [.zero] } ?? []
    ages = Array(crashes.filter { $0 < settings.within }.prefix(settings.crashes))
    isUp = ages.count >= settings.crashes
  }

  /// To be kept before anything of the run can crash, and whenever ``follow(at:)`` says so.
  public var saved: [UInt8] { text("running \(told.components.seconds)") }

  /// To be kept when the run ends as it should: a clean stop forgets the crashes.
  public static var stopped: [UInt8] { Array("\(title)\nstopped\n".utf8) }

  /// How many crashes it has seen within its time.
  public var crashes: Int { ages.count }

  /// In each cycle. True when ``saved`` is another than before.
  public mutating func follow(at now: MonotonicInstant) -> Bool {
    let ran = now - started
    // Nothing more is to be told of a run that has been good for long enough.
    guard told < settings.within, ran - told >= Self.step else { return false }
    told = .seconds(ran.components.seconds / Self.step.components.seconds * Self.step.components.seconds)
    if told >= settings.within {
      ages = []
      isUp = false
    }
    return true
  }

  private func text(_ state: String) -> [UInt8] {
    let words = [state] + ages.map { "\($0.components.seconds)" }
    return Array("\(Self.title)\n\(words.joined(separator: " "))\n".utf8)
  }

  /// Of all crashes, as the run that begins now sees them; nil where the text makes no sense.
  private static func ages(_ bytes: [UInt8]) -> [Duration]? {
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard lines.count == 2, lines[0] == title else { return nil }
    let words = lines[1].split(separator: " ")
    if words == ["stopped"] { return [] }
    let numbers = words.dropFirst().compactMap { Int64($0) }.filter { (0...1_000_000).contains($0) }
    guard words.first == "running", numbers.count == words.count - 1, let ran = numbers.first else { return nil }
    return [.zero] + numbers.dropFirst().map { .seconds($0 + ran) }
  }
}
