public import DeviceProfile
public import EnergyModel

/// Finds out which devices speak on a broker, by what is heard of them: a topic that a profile knows, and values that it
/// understands there. Pure: the same messages give the same devices.
public struct SensorFinder: Sendable {
  public struct Found: Hashable, Sendable {
    public var profile: MQTTProfile
    /// The device's own topic, as a configuration wants it.
    public var topic: String
    /// What was understood.
    public var points: [Point]
    /// Only messages that the broker had kept: the device may be gone.
    public var isOnlyRetained: Bool
    /// Profiles that understand something as well.
    public var alternatives: [String]
  }

  /// More are not listened to: a broker with so many is no house's.
  static let mostCandidates = 4096
  /// Of a device's own topic.
  static let mostLevels = 4

  private struct Key: Hashable {
    var profile: Int
    var topic: String
  }

  private struct Candidate {
    var key: Key
    var sensors: SensorTopics
    var points: Set<Point> = []
    var topics: Set<String> = []
    var isOnlyRetained = true
    /// Words of the topics that only this kind of device has.
    var literals = 0
  }

  private let profiles: [MQTTProfile]
  private let patterns: [[TopicPattern]]
  private var candidates: [Key: Candidate] = [:]

  public init(_ profiles: [MQTTProfile]) {
    self.profiles = profiles
    patterns = profiles.map { $0.messages.map(\.topic) }
  }

  public mutating func hear(_ message: IncomingMessage) {
    for index in profiles.indices {
      var seen: Set<String> = []
      for pattern in patterns[index] {
        guard let topic = Self.ownTopic(of: message.topic, pattern), seen.insert(topic).inserted else { continue }
        take(message, Key(profile: index, topic: topic), literals: pattern.levels.count - 1)
      }
    }
  }

  private mutating func take(_ message: IncomingMessage, _ key: Key, literals: Int) {
    if candidates[key] == nil {
      guard candidates.count < Self.mostCandidates else { return }
      let sensor = profiles[key.profile].sensor(DeviceID("heard"), topic: key.topic)
      candidates[key] = Candidate(key: key, sensors: SensorTopics([sensor]))
    }
    guard var candidate = candidates[key] else { return }
    for reading in candidate.sensors.readings(for: message) {
      guard case .sample(let sample) = reading else { continue }
      let understood = sample.readings.filter { $0.quality == .good || $0.quality == .stale }.map(\.point)
      guard !understood.isEmpty else { continue }
      candidate.points.formUnion(understood)
      candidate.topics.insert(message.topic)
      candidate.literals = max(candidate.literals, literals)
      if !message.isRetained { candidate.isOnlyRetained = false }
    }
    candidates[key] = candidate
  }

  /// What a pattern leaves open for the device; nil where the topic does not fit.
  static func ownTopic(of topic: String, _ pattern: TopicPattern) -> String? {
    guard let place = pattern.levels.firstIndex(of: .capture(MQTTProfile.ownTopic)) else { return nil }
    let parts = topic.split(separator: "/", omittingEmptySubsequences: false)
    let own = parts.count - (pattern.levels.count - 1)
    guard (1...mostLevels).contains(own) else { return nil }
    let middle = parts[place..<place + own].joined(separator: "/")
    guard !middle.isEmpty, pattern.filled(MQTTProfile.ownTopic, with: middle).match(topic) != nil else { return nil }
    return middle
  }

  /// What was found, by topic. Where several profiles understand the same messages, the one that knows more of the
  /// topics, then the one that understands more of the values.
  public var found: [Found] {
    let heard = candidates.values.filter { !$0.points.isEmpty }.sorted { a, b in
      if a.literals != b.literals { return a.literals > b.literals }
      if a.points.count != b.points.count { return a.points.count > b.points.count }
      return (profiles[a.key.profile].name, a.key.topic) < (profiles[b.key.profile].name, b.key.topic)
    }
    var claimed: Set<String> = []
    var found: [Found] = []
    for candidate in heard {
      let profile = profiles[candidate.key.profile]
      if candidate.topics.isSubset(of: claimed) {
        let owner = found.firstIndex { $0.topic == candidate.key.topic }
        if let owner { found[owner].alternatives.append(profile.name) }
        continue
      }
      claimed.formUnion(candidate.topics)
      found.append(
        Found(
          profile: profile, topic: candidate.key.topic,
          points: candidate.points.sorted { $0.order < $1.order }, isOnlyRetained: candidate.isOnlyRetained,
          alternatives: []))
    }
    return found.sorted { $0.topic < $1.topic }
  }
}
