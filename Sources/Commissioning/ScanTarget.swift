/// What a scan is pointed at. It goes nowhere else.
public enum ScanTarget: Hashable, Sendable {
  /// A name or an address; the port where one was said.
  case host(String, port: Int?)
  /// Addresses of a subnet, lowest first.
  case subnet([String], port: Int?)
  /// A serial port.
  case serial(String)
  /// A broker.
  case mqtt(host: String, port: Int)

  public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    case nonsense(String)
    case tooLarge(String, hosts: Int)

    public var description: String {
      switch self {
      case .nonsense(let text):
        "\(text) is no HOST[:PORT], no subnet such as 192.168.1.0/24, no serial port below /dev and no mqtt://HOST[:PORT]"
      case .tooLarge(let text, let hosts):
        "\(text) has \(hosts) addresses; more than \(ScanTarget.mostHosts) are scanned with --large only"
      }
    }
  }

  /// A /22.
  public static let mostHosts = 1024
  /// A /16, asked for or not.
  static let mostHostsEver = 65_536

  /// - Parameter isLargeMeant: the person said that a large subnet is meant.
  public init(_ text: String, isLargeMeant: Bool = false) throws(Refusal) {
    if text.hasPrefix("/") {
      self = .serial(text)
    } else if text.hasPrefix("mqtt://") {
      guard let (host, port) = Self.hostAndPort(String(text.dropFirst(7))) else { throw .nonsense(text) }
      self = .mqtt(host: host, port: port ?? 1883)
    } else if let slash = text.firstIndex(of: "/") {
      // The port comes behind the length of the prefix.
      let rest = text[text.index(after: slash)...].split(separator: ":", omittingEmptySubsequences: false)
      guard (1...2).contains(rest.count), let network = Self.address(text[..<slash]), let bits = Int(rest[0]),
        (0...32).contains(bits)
      else { throw .nonsense(text) }
      let port = rest.count == 2 ? Self.port(rest[1]) : nil
      if rest.count == 2, port == nil { throw .nonsense(text) }
      let count = 1 << (32 - bits)
      let hosts = count > 2 ? count - 2 : count
      guard hosts <= (isLargeMeant ? Self.mostHostsEver : Self.mostHosts) else {
        throw .tooLarge(text, hosts: hosts)
      }
      self = .subnet(Self.hosts(of: network, bits: bits), port: port)
    } else {
      guard let (host, port) = Self.hostAndPort(text) else { throw .nonsense(text) }
      self = .host(host, port: port)
    }
  }

  /// Without the address of the network itself and the one for all, where there are others.
  private static func hosts(of address: UInt32, bits: Int) -> [String] {
    let mask = bits == 0 ? 0 : ~UInt32(0) << UInt32(32 - bits)
    let first = address & mask
    let last = first | ~mask
    let range = bits >= 31 ? first...last : first + 1...last - 1
    return range.map { host in [24, 16, 8, 0].map { String(host >> UInt32($0) & 0xFF) }.joined(separator: ".") }
  }

  private static func address(_ text: Substring) -> UInt32? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
    guard parts.count == 4, !parts.contains(nil) else { return nil }
    return parts.reduce(0) { $0 << 8 | UInt32($1 ?? 0) }
  }

  private static func port(_ text: Substring) -> Int? { Int(text).flatMap { (1...65_535).contains($0) ? $0 : nil } }

  /// `name`, `name:502`, `fe80::1`, `[fe80::1]:502`.
  private static func hostAndPort(_ text: String) -> (String, Int?)? {
    var host = Substring(text)
    var port: Int?
    if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { return nil }
      if !rest.isEmpty {
        port = Self.port(rest.dropFirst())
        if port == nil { return nil }
      }
    } else if let colon = text.lastIndex(of: ":"), text.firstIndex(of: ":") == colon {
      host = text[..<colon]
      port = Self.port(text[text.index(after: colon)...])
      if port == nil { return nil }
    }
    let isAddress = host.contains(":") && host.allSatisfy { $0.isHexDigit || ":.%".contains($0) }
    let isName = host.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) }
    guard !host.isEmpty, !host.hasPrefix("-"), isAddress || isName else { return nil }
    return (String(host), port)
  }
}
