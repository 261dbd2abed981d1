import Foundation

/// Asks a running agent over its local API.
public struct SiteClient: Sendable {
  public enum Failure: Error, CustomStringConvertible {
    case unreachable(String)
    case answered(Int, String)
    case unreadable(String)

    public var description: String {
      switch self {
      case .unreachable(let reason): "no agent answers: \(reason)"
      case .answered(let status, let body): "the agent answered \(status): \(body.prefix(200))"
      case .unreadable(let reason): "the agent's answer cannot be read: \(reason)"
      }
    }
  }

  public var host: String
  public var port: Int

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// The site's present state. Throws ``Failure``.
  public func site() async throws -> SiteReport {
    let body = try await get("/api/v1/site")
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(SiteReport.self, from: Data(body.utf8))
    } catch {
      throw Failure.unreadable("\(error)")
    }
  }

  /// The body of a page that answers 200. Throws ``Failure``.
  public func get(_ path: String) async throws -> String {
    let answer: (status: Int, body: String)
    do {
      answer = try await LocalAPIClient.get(host: host, port: port, path: path, timeout: .seconds(5))
    } catch {
      throw Failure.unreachable("http://\(host):\(port): \(error)")
    }
    guard answer.status == 200 else { throw Failure.answered(answer.status, answer.body) }
    return answer.body
  }
}
