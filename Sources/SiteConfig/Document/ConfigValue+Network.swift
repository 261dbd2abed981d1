extension ConfigValue {
  /// `host`, `host:port` or `[v6]:port`.
  func hostAndPort(defaultPort: Int?) -> (host: String, port: Int)? {
    let expected = "an address such as 192.168.1.40:\(defaultPort ?? 8480)"
    guard let text = text(expected) else { return nil }
    return endpoint(text[...], expected: expected).flatMap { endpoint in
      if let port = endpoint.port ?? defaultPort { return (endpoint.host, port) }
      refuse("missing port: expected \(expected)")
      return nil
    }
  }

  /// The same, where the port may follow from something else.
  func hostAndPerhapsPort() -> (host: String, port: Int?)? {
    let expected = "an address such as 192.168.1.40:502"
    return text(expected).flatMap { endpoint($0[...], expected: expected) }
  }

  /// `tcp://host:port` or `tls://host:port`, nothing behind it.
  func brokerURL() -> (host: String, port: Int, isEncrypted: Bool)? {
    let expected = "an address such as tls://vpp.example:8883"
    guard let text = text(expected) else { return nil }
    let schemes: [(prefix: String, port: Int, isEncrypted: Bool)] = [("tcp://", 1883, false), ("tls://", 8883, true)]
    guard let scheme = schemes.first(where: { text.hasPrefix($0.prefix) }) else {
      refuse("expected tcp:// or tls:// in front, \(expected)")
      return nil
    }
    let rest = text.dropFirst(scheme.prefix.count)
    guard !rest.contains("@") else {
      problems.add(line: line, path: path, "user and password do not belong here: write user: and password_file:")
      return nil
    }
    return endpoint(rest, expected: expected).map { ($0.host, $0.port ?? scheme.port, scheme.isEncrypted) }
  }

  private func endpoint(_ text: Substring, expected: String) -> (host: String, port: Int?)? {
    var host = text
    var port: Substring?
    if text.first == "[", let end = text.firstIndex(of: "]") {
      host = text[text.index(after: text.startIndex)..<end]
      let rest = text[text.index(after: end)...]
      port = rest.isEmpty ? nil : rest.dropFirst()
      guard rest.isEmpty || rest.first == ":", host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else {
        refuse("expected \(expected)")
        return nil
      }
    } else {
      if let colon = text.lastIndex(of: ":") {
        host = text[..<colon]
        port = text[text.index(after: colon)...]
      }
      guard Self.isHost(host) else {
        refuse("no host: expected \(expected)")
        return nil
      }
    }
    guard let port else { return (String(host), nil) }
    guard port.allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int(port), (1...65_535).contains(number) else {
      refuse("a port is a number from 1 to 65535")
      return nil
    }
    return (String(host), number)
  }

  private static func isHost(_ text: Substring) -> Bool {
    guard let first = text.first, first.isLetter || first.isNumber else { return false }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || ".-_".contains($0)) }
  }

  /// The path of a file that has to exist. Relative names count from `folder`.
  func existingFile(in folder: String, what: String) -> String? {
    guard let text = text("the name of a file with \(what)") else { return nil }
    let path = text.hasPrefix("/") || folder == "." ? text : folder + "/" + text
    guard TextFile.exists(path) else {
      refuse("there is no file \(path), which should hold \(what)")
      return nil
    }
    return path
  }
}
