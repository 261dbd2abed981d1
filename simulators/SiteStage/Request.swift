public import Foundation

/// What the simulator was asked, as it writes it down where ``SiteStage/Options/recordsRequests`` is set.
public struct Request: Decodable, Sendable {
  /// Wall time, ms.
  public var t: Int64
  /// On the system's monotonic clock, which all processes share, µs.
  public var monotonic_us: Int64
  public var device: String
  public var write: Bool
  /// As on the wire.
  public var address: Int
  /// Of a read.
  public var count: Int?
  /// Of a write.
  public var values: [Int]?

  /// Whether a read covers this register.
  public func covers(_ register: Int) -> Bool { !write && (address..<address + (count ?? 0)).contains(register) }

  /// Every complete line, in order.
  public static func read(_ file: URL) throws -> [Request] {
    let decoder = JSONDecoder()
    return try Data(contentsOf: file).split(separator: UInt8(ascii: "\n"))
      .compactMap { try? decoder.decode(Request.self, from: $0) }
  }
}
