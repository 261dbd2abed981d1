/// A text that somebody got wrong: one of ours with edits, or bytes as they are.
///
/// Bytes alone hardly ever make a document that is nearly right, which is where a reader's mistakes are.
struct FuzzText {
  /// What else is in the bytes, behind the edits.
  private(set) var rest: FuzzBytes
  let name: String
  let text: String

  /// What begins with a byte below a space (and is no line break) chooses a text and edits it; everything else is the text.
  init(_ bytes: [UInt8], of texts: [FuzzGround.Text]) {
    guard let first = bytes.first, first < 0x20, first != 0x0A, first != 0x0D, first != 0x09, !texts.isEmpty else {
      name = "any"
      text = String(decoding: bytes, as: UTF8.self)
      rest = FuzzBytes(bytes)
      return
    }
    var source = FuzzBytes(Array(bytes.dropFirst()))
    let base = texts[Int(source.byte()) % texts.count]
    var lines = base.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    for _ in 0..<first where !lines.isEmpty { Self.edit(&lines, &source) }
    name = base.name
    text = lines.joined(separator: "\n")
    rest = source
  }

  private static func edit(_ lines: inout [String], _ source: inout FuzzBytes) {
    let kind = source.byte()
    let line = Int(source.word()) % lines.count
    switch kind % 8 {
    case 0: lines.remove(at: line)
    case 1: lines.insert(lines[Int(source.word()) % lines.count], at: line)
    case 2: lines.swapAt(line, Int(source.word()) % lines.count)
    case 3: lines[line] = replacing(lines[line], nth: source.byte(), by: source.choose(values) ?? "", isKey: false)
    case 4: lines[line] = replacing(lines[line], nth: source.byte(), by: source.choose(words) ?? "", isKey: true)
    case 5: lines[line] = String(repeating: " ", count: Int(source.byte() % 12)) + lines[line].drop { $0 == " " }
    case 6:
      let count = Int(source.byte())
      lines.insert(String(decoding: source.take(count), as: UTF8.self), at: line)
    default:
      let key = source.choose(words) ?? ""
      let indent = String(lines[line].prefix { $0 == " " })
      lines.insert(indent + key + ": " + (source.choose(values) ?? ""), at: line)
    }
  }

  /// Replaces one of the words or numbers of a line; keys are what stands before a colon.
  private static func replacing(_ line: String, nth: UInt8, by word: String, isKey: Bool) -> String {
    let bytes = Array(line.utf8)
    let marks = Set("{}[],:\"# ".utf8)
    let pieces = bytes.indices.split { marks.contains(bytes[$0]) }
      .filter { ($0.last.map { $0 + 1 < bytes.count && bytes[$0 + 1] == UInt8(ascii: ":") } ?? false) == isKey }
    guard !pieces.isEmpty, let piece = Optional(pieces[Int(nth) % pieces.count]), let first = piece.first,
      let last = piece.last
    else { return line }
    return String(decoding: bytes[..<first] + Array(word.utf8) + bytes[(last + 1)...], as: UTF8.self)
  }

  /// What somebody may write where a value belongs.
  private static let values = [
    "0", "1", "-1", "2", "4", "7", "16", "125", "126", "247", "255", "32767", "65534", "65535", "65536", "0xFFFF",
    "0x8000",
    "-32768", "4294967295", "9223372036854775807", "9223372036854775808", "18446744073709551615",
    "99999999999999999999999", String(repeating: "9", count: 400), "0.000000000000000000000001", "-0", "0.5", "1e9",
    "nan", "inf", "~", "\"\"", "yes", "no", "each", "[]", "{}", "[1, 1]", "{a: 1}", "&a [1, 2]", "*a", "&b {a: *b}",
    "0 s", "1 ms", "100 ms", "1 s", "60 s", "1 h", "31 d", "0 W", "1 W", "5 kW", "10 MW", "11 MW", "0 %", "100 %",
    "-5 %",
    "0..0 %", "10..95 %", "95..10 %", "6..16 A", "0 A", "80 A", "3 x 35 A", "1 x 35 A", "4 x 1 A", "1 x 0 A", "0 Wh",
    "60 % of peak", "0 ct/kWh", "-100 EUR/kWh", "00:00", "24:00", "\"06:00-22:00\"", "\"22:00-06:00\"",
    "2026-03-29 02:30",
    "9999-12-31 23:59", "float32", "float64", "uint16", "uint32", "int32", "uint64", "int64", "acc32", "acc64", "bit",
    "low-first", "reversion_time", "failsafe_current_a", "relay_on", "power_w", "soc_percent", "production_limit_w",
    "charge_limit_w", "discharge_limit_w", "charging_current_a", "charging_phases", "below 0", "0..", "..0", "5..6",
    "hold",
    "open", "safe", "none", "6", "{holding: 65535}", "{holding: 65535, type: uint32}", "{holding: 0, type: float64}",
    "{parameter: failsafe_current_a, type: uint32}", "{model: 103, offset: 1}",
    "{at: 0, size: 1}", "{at: 2, size: 1, repeat: 128}", "{fixed: 65535, each: 65535, count: 65535}", "control",
    "monitor",
    "allowed", "never", "confirmed", "legal", "contract", "vpp", "dso", "grid", "hybrid", "car", "boiler", "board",
    "inverter", "home", "\"127.0.0.1:502\"", "board/1/coil/65535", "board/255/coil/0", "Europe/Berlin", "UTC", "raw",
  ]

  private static let words = [
    "holding", "input", "coil", "discrete", "model", "offset", "instance", "group", "at", "size", "count", "repeat",
    "fixed",
    "each", "type", "order", "scale", "scale_factor", "plus", "not_implemented", "bit", "mask", "values", "sign",
    "negative_if", "where", "is", "optional", "range", "every", "sum", "highest", "lowest", "first", "max_registers",
    "max_gap",
    "one_value", "pause", "write_pause", "timeout", "length", "serial", "heartbeat", "identify", "registers", "text",
    "parameters", "parameter", "percent_of", "at_most", "on_expiry", "reversion", "timer", "flash", "writes_a_day",
    "effect", "writes", "function", "read_back", "kept", "only", "unless", "power_w", "soc_percent", "energy_import_wh",
    "relay_on", "bus", "profile", "unit", "period", "measures", "below", "generator", "ac_limit", "pv", "peak",
    "battery",
    "usable", "soc", "max_charge", "max_discharge", "temperature", "full_power", "cells", "efficiency", "wear",
    "regulates", "without_timer", "experimental", "current", "failsafe", "phases", "switches_phases", "shed",
    "critical",
    "on_at_least", "off_at_least", "starts_an_hour", "within", "pick_up", "phase", "serves", "sg_ready", "switch",
    "rated",
    "if_agent_dies", "block_at_most", "fuse", "base_load", "feed_in", "stored_in", "controllable", "while", "devices",
    "grid_draw", "demand", "target", "price", "class", "uplink", "contact", "autonomous", "may", "import", "export",
    "export_percent", "reserve", "rules", "plan", "outages", "island", "shed_below", "from", "until", "buy", "sell",
    "mqtt", "live_window", "log", "logs", "acknowledge", "backfill", "monthly_data", "forecast", "budget", "when_full",
    "commit_interval", "retention", "listen", "serve", "line", "modbus_tcp", "modbus_rtu", "topic", "path", "max_age",
    "mode", "clock", "crash_guard", "crashes", "password", "evidence", "points", "asked", "written", "bytes", "bits",
  ]
}
