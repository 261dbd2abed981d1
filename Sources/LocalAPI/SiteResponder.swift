import EnergyModel
import Hummingbird
import NIOCore

/// What a request knows beyond itself: the connection it came on.
struct ConnectionContext: InitializableFromSource, Sendable {
  let channel: any Channel

  init(source: ApplicationRequestContextSource) { channel = source.channel }
}

/// Answers every path. Seven of them need no router.
struct SiteResponder: HTTPResponder {
  let source: any SiteStatusSource
  let streams: LiveStreams

  func respond(to request: Request, context: ConnectionContext) async throws -> Response {
    guard request.method == .get else {
      var response = Self.refusal(.methodNotAllowed, "only GET is served here")
      response.headers[.allow] = "GET"
      return response
    }
    switch request.uri.path {
    case "/": return page()
    case "/api/v1/site": return Self.json(SiteJSON.text(source.status()))
    case "/api/v1/history/hour": return Self.json(HistoryJSON.text(source.lastHour()))
    case "/api/v1/events": return events(on: context.channel)
    case "/healthz": return Self.json(#"{"status":"ok"}"#)
    case "/metrics": return Self.text(MetricsText.text(source.status()), type: MetricsText.contentType)
    default: return Self.refusal(.notFound, "there is nothing at this path")
    }
  }

  private func page() -> Response {
    var random = SystemRandomNumberGenerator()
    let nonce = (0..<2).map { _ in String(random.next(), radix: 16) }.joined()
    var response = Self.text(Page.html(nonce: nonce), type: "text/html; charset=utf-8")
    response.headers[.contentSecurityPolicy] =
      "default-src 'none'; script-src 'nonce-\(nonce)'; style-src 'nonce-\(nonce)'; connect-src 'self'; "
      + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return response
  }

  private func events(on channel: any Channel) -> Response {
    guard let listener = streams.add(channel) else {
      return Self.refusal(.serviceUnavailable, "too many listen already")
    }
    let streams = streams
    var response = Response(
      status: .ok,
      body: ResponseBody { writer in
        defer { streams.remove(listener.id) }
        for await event in listener.events { try await writer.write(event) }
        try await writer.finish(nil)
      })
    response.headers[.contentType] = "text/event-stream"
    return Self.guarded(response)
  }

  private static func json(_ body: String) -> Response { text(body, type: "application/json") }

  private static func refusal(_ status: HTTPResponse.Status, _ reason: String) -> Response {
    var json = JSONText()
    json.object { $0.member("error", reason) }
    var response = Self.json(json.text)
    response.status = status
    return response
  }

  private static func text(_ body: String, type: String) -> Response {
    var response = Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    response.headers[.contentType] = type
    return guarded(response)
  }

  /// The state of a second ago is of no use to a cache, and none of this belongs into a frame of others.
  private static func guarded(_ response: Response) -> Response {
    var response = response
    response.headers[.cacheControl] = "no-store"
    response.headers[.xContentTypeOptions] = "nosniff"
    return response
  }
}
