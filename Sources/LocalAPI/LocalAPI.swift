public import EnergyModel
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// The page, REST, server-sent events and metrics of one agent. Everything is read-only.
///
/// | Path | Answer |
/// |---|---|
/// | `/` | the page |
/// | `/api/v1/site` | the present state, see ``SiteJSON`` |
/// | `/api/v1/events` | the same as server-sent events, one a second |
/// | `/api/v1/history/hour` | the last hour for a chart, see ``HistoryJSON`` |
/// | `/healthz` | `{"status":"ok"}` while the process answers |
/// | `/metrics` | Prometheus text, see ``MetricsText`` |
public struct LocalAPI: Sendable {
  /// Visitors must not use up the process's descriptors, which the buses need to reconnect.
  private static let mostConnections = 64

  private let host: String
  private let port: Int
  private let source: any SiteStatusSource

  /// - Parameters:
  ///   - host: the address to listen on. There is no log-in: anything but loopback is the installer's decision.
  ///   - source: answers at once; it is asked by every request and once a second while somebody watches.
  public init(host: String = "127.0.0.1", port: Int, source: any SiteStatusSource) {
    self.host = host
    self.port = port
    self.source = source
  }

  /// Serves until a graceful shutdown of the service group around it, or until cancelled. Throws when the
  /// address cannot be bound.
  public func run() async throws {
    let streams = LiveStreams(source: source)
    let responder = SiteResponder(source: source, streams: streams)
    var logger = Logger(label: "holdfast.api")
    // The agent tells the address itself; what single requests do is nobody's business.
    logger.logLevel = .critical
    let application = Application(
      responder: responder,
      server: .http1(configuration: .init(idleTimeout: .seconds(75))),
      configuration: ApplicationConfiguration(
        address: .hostname(host, port: port), backlog: 32,
        availableConnectionsDelegate: MaximumAvailableConnections(Self.mostConnections)),
      onServerRunning: { channel in
        // A graceful shutdown closes the listening channel first; streams would go on for ever.
        channel.closeFuture.whenComplete { _ in streams.end() }
      },
      logger: logger)
    let broadcast = Task { await streams.broadcast() }
    defer { broadcast.cancel() }
    try await Self.run(application, logger: logger)
  }

  /// A cancelled server drops connections that it accepted and has not begun to serve, and NIO traps when
  /// one is dropped (`NIOAsyncWriter`). So cancelling is turned into a graceful shutdown. A graceful shutdown
  /// from outside gets through, because it is a task-local value.
  private static func run(_ application: some Service, logger: Logger) async throws {
    let services = ServiceGroup(configuration: ServiceGroupConfiguration(services: [application], logger: logger))
    let work = Task { try await services.run() }
    try await withTaskCancellationHandler {
      try await work.value
    } onCancel: {
      Task { await services.triggerGracefulShutdown() }
    }
  }
}
