import EnergyDispatch
import EnergyModel
import Uplink

/// What peers write to an uplink's topics: commands, signs of life, acknowledgements and requests for replay.
enum CommandFuzzing {
  /// One message after the other, with time and trust in the clock between them.
  static func feed(_ bytes: [UInt8]) throws(FuzzFinding) {
    var source = FuzzBytes(bytes)
    var site = CommandedSite()
    for _ in 0..<32 where !source.isEmpty {
      let (kind, flags) = (source.byte(), source.byte())
      site.pass(seconds: [0, 0, 1, 61, 900, 3600, 86_400, 2_764_800][Int(flags >> 2 & 7)], trusted: flags & 2 == 0)
      let isRetained = flags & 0xC1 == 0xC1
      switch kind % 8 {
      case 0, 1, 2, 3: try site.hear("command", CommandMessage.edited(&source, site), isRetained)
      case 4: try site.hear("command", source.take(Int(source.word() % 1024)), isRetained)
      case 5: try heartbeat(&source, &site, isRetained)
      case 6: try request(&source, site, isRetained)
      default: try site.restart(trusted: flags & 1 == 0)
      }
    }
  }

  private static func heartbeat(
    _ source: inout FuzzBytes, _ site: inout CommandedSite, _ isRetained: Bool
  ) throws(FuzzFinding) {
    let channel = source.choose(["dso", "market", "other", "", "dso/dso", "\u{7}"]) ?? ""
    let payload = source.take(Int(source.byte()))
    let ages: [Int64] = [0, 1, 119_000, 121_000, -1, 86_400_000, 4_000_000_000]
    let age = source.choose(ages) ?? 0
    let sent = #"{"t":\#(max(0, site.now.wall.milliseconds - age))}"#
    try site.hear("heartbeat/" + channel, payload.isEmpty ? Array(sent.utf8) : payload, isRetained)
  }

  // MARK: The receiver's word

  private static func request(
    _ source: inout FuzzBytes, _ site: CommandedSite, _ isRetained: Bool
  ) throws(FuzzFinding) {
    guard let kind = source.choose(ReceiverRequest.Kind.allCases) else { return }
    let payload = source.take(Int(source.word() % 2048))
    let message = IncomingMessage(topic: "t", payload: payload, isRetained: isRetained, received: site.now)
    let request: ReceiverRequest
    do throws(ReceiverRequest.Refusal) { request = try ReceiverRequest(message, as: kind) } catch {
      return try FuzzFinding.require(!error.text.isEmpty, "a \(kind) is refused without a reason")
    }
    try FuzzFinding.require(!isRetained, "a retained \(kind) is obeyed")
    try check(request.ranges)
    let again = #"{"epoch":"\#(request.epoch)","ranges":[\#(text(request.ranges))]}"#
    let read = try? ReceiverRequest(
      IncomingMessage(topic: "t", payload: Array(again.utf8), isRetained: false, received: site.now), as: kind)
    try FuzzFinding.require(
      read?.epoch == request.epoch && read?.ranges == request.ranges, "\(again) says something else")
    for held in [SequenceRange(1, 1), SequenceRange(100, 200), SequenceRange(5, .max), nil] {
      let log = LogState(epoch: request.epoch, name: "telemetry", kind: .telemetry, held: held)
      guard let known = try? request.acknowledged(of: log) else {
        let isBeyond = request.ranges.ranges.allSatisfy { range in held.map { $0.last < range.first } ?? false }
        try FuzzFinding.require(isBeyond, "\(again) is refused of \(String(describing: held))")
        continue
      }
      try check(known)
      let most = held?.last ?? 0
      try FuzzFinding.require(
        known.ranges.allSatisfy { $0.last <= most && request.ranges.contains($0) }, "\(again) acknowledges \(known)")
    }
  }

  private static func check(_ set: SequenceRangeSet) throws(FuzzFinding) {
    try FuzzFinding.require(set.ranges.count <= ReceiverRequest.mostRanges, "\(set.ranges.count) ranges")
    var last: UInt64 = 0
    for (index, range) in set.ranges.enumerated() {
      try FuzzFinding.require(
        1 <= range.first && range.first <= range.last && (index == 0 || range.first - 1 > last), "the ranges are \(set)"
      )
      last = range.last
    }
  }

  private static func text(_ set: SequenceRangeSet) -> String {
    set.ranges.map { "[\($0.first),\($0.last)]" }.joined(separator: ",")
  }
}

/// A command as a peer may write it: one that is right, with members that are not.
private enum CommandMessage {
  private static let parameters: [(kind: String, text: String)] = [
    ("limit", #"{"channel":"dso","export_power_w":5000}"#),
    ("limit", #"{"channel":"dso","controllable_power_w":4200}"#),
    ("limit", #"{"channel":"market","import_power_w":1000.5}"#), ("limit", #"{"channel":"dso","export_percent":60}"#),
    ("release", #"{"channel":"dso"}"#), ("release", #"{"channel":"dso","export_power_w":null}"#),
    ("battery-power", #"{"power_w":-5000}"#), ("battery-power", #"{"power_w":0}"#),
    ("reserve", #"{"reserve_percent":80}"#),
    ("shed", #"{"loads":["boiler","pool"]}"#), ("shed", #"{"loads":[]}"#), ("rediscover", "{}"),
  ]
  private static let keys = [
    "v", "id", "site", "issuer", "counter", "issued", "start", "duration_s", "kind", "parameters", "more",
  ]
  private static let values = [
    "0", "1", "-1", "null", "true", "\"\"", "[]", "{}", "1e400", "-0.0", "1.5", "9223372036854775807",
    "9223372036854775808",
    "253402300799000", "86400", "86401", "604800", "2678400", "2678401", "3000000000", "\"limit\"", "\"a\\nb\"",
    "\"\\u0009\"", "\"c1\"", "\"\\ud83d\\ude00\"", #"{"channel":"other","export_power_w":0}"#,
    #"{"channel":"dso","export_power_w":0}"#, #"{"channel":"dso","export_power_w":1e7}"#,
    #"{"channel":"dso","export_power_w":10000001}"#, #"{"channel":"dso","controllable_power_w":4199.9}"#,
    #"{"channel":"dso","export_percent":100.1}"#, #"{"channel":"market","import_power_w":999}"#,
    #"{"channel":"dso","export_power_w":-1}"#, #"{"power_w":5001}"#, #"{"power_w":1e308}"#, #"{"reserve_percent":-1}"#,
    #"{"reserve_percent":100}"#, #"{"loads":["fridge"]}"#, #"{"loads":["sauna"]}"#, #"{"loads":["boiler","boiler"]}"#,
  ]

  static func edited(_ source: inout FuzzBytes, _ site: CommandedSite) -> [UInt8] {
    let now = site.now.wall.milliseconds
    let (kind, parameters) = source.choose(parameters) ?? ("", "")
    var members = [
      ("v", "1"), ("id", "\"c\(site.counter)\""), ("site", "\"mill-lane-4\""), ("issuer", "\"desk-4\""),
      ("counter", "\(site.counter)"), ("issued", "\(now)"), ("duration_s", "900"), ("kind", "\"\(kind)\""),
      ("parameters", parameters),
    ]
    if kind == "release" { members.remove(at: 6) }
    let edits = source.byte()
    for _ in 0..<edits % 4 {
      let key = source.choose(keys) ?? ""
      let offsets: [Int64] = [-3_600_001, -3_599_000, -901_000, -1000, 0, 300_000, 300_001, 3_600_000, 2_678_400_000]
      let instant = now + (source.choose(offsets) ?? 0)
      let value = edits & 0x80 == 0 ? "\(instant)" : source.choose(values) ?? ""
      members.removeAll { $0.0 == key }
      if edits & 0x40 == 0 { members.append((key, value)) }
    }
    let text = "{" + members.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    return Array(text.utf8) + (edits & 0x20 == 0 ? [] : source.take(Int(source.byte())))
  }
}
