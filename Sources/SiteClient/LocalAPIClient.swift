import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// Asks a local API: one GET, one answer, for the command line and tests.
public enum LocalAPIClient {
  public enum Failure: Error, Hashable, CustomStringConvertible {
    /// Nobody listens there, or the connection broke.
    case unreachable(String)
    case timedOut
    /// More than ``LocalAPIClient/largestBody`` bytes.
    case tooLarge

    public var description: String {
      switch self {
      case .unreachable(let reason): reason
      case .timedOut: "the agent did not answer in time"
      case .tooLarge: "the answer is too large"
      }
    }
  }

  /// In bytes.
  public static let largestBody = 8_000_000

  /// - Parameters:
  ///   - path: begins with a slash.
  ///   - timeout: for everything together.
  /// - Returns: the status code and the body as text, whatever the code is.
  /// - Throws: ``Failure``
  public static func get(
    host: String, port: Int, path: String, timeout: Duration = .seconds(5)
  ) async throws -> (status: Int, body: String) {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let answer = loop.makePromise(of: Answer.self)
    let deadline = loop.scheduleTask(
      in: .nanoseconds(
        timeout.components.seconds * 1_000_000_000
          + timeout.components.attoseconds / 1_000_000_000)
    ) { answer.fail(Failure.timedOut) }
    let connecting = ClientBootstrap(group: loop).channelInitializer { channel in
      channel.eventLoop.makeCompletedFuture {
        try channel.pipeline.syncOperations.addHTTPClientHandlers()
        try channel.pipeline.syncOperations.addHandler(AnswerHandler(answer))
      }
    }.connect(host: host, port: port)
    connecting.whenFailure { answer.fail(Failure.unreachable(words($0))) }
    connecting.whenSuccess { channel in
      answer.futureResult.whenComplete { _ in channel.close(promise: nil) }
      let head = HTTPRequestHead(
        version: .http1_1, method: .GET, uri: path,
        headers: ["host": "\(host):\(port)", "connection": "close", "accept": "*/*"])
      channel.write(HTTPClientRequestPart.head(head), promise: nil)
      channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
    defer { deadline.cancel() }
    let result = try await answer.futureResult.get()
    return (result.status, result.body)
  }

  /// `connection refused`; of several addresses the first one's.
  private static func words(_ error: any Error) -> String {
    guard let failure = error as? NIOConnectionError else { return "\(error)" }
    if let first = failure.connectionErrors.first?.error as? IOError {
      return String(cString: strerror(first.errnoCode)).lowercased()
    }
    return failure.connectionErrors.isEmpty ? "nobody knows the name \(failure.host)" : "\(error)"
  }
}

struct Answer: Sendable {
  var status: Int
  var body: String
}

/// Collects one answer. Lives on its channel's event loop.
private final class AnswerHandler: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart

  private let answer: EventLoopPromise<Answer>
  private var status = 0
  private var body = ByteBuffer()

  init(_ answer: EventLoopPromise<Answer>) { self.answer = answer }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): status = Int(head.status.code)
    case .body(var part):
      body.writeBuffer(&part)
      if body.readableBytes > LocalAPIClient.largestBody { answer.fail(LocalAPIClient.Failure.tooLarge) }
    case .end: answer.succeed(Answer(status: status, body: String(buffer: body)))
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    answer.fail(LocalAPIClient.Failure.unreachable("\(error)"))
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    answer.fail(LocalAPIClient.Failure.unreachable("the connection was closed"))
  }
}
