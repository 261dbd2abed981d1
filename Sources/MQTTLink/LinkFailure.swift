import CMosquitto
import Glibc

/// What the library, the broker or the network answered instead of doing what was asked. Always worth
/// another attempt after a while: files, certificates, accounts and lines get repaired without a restart.
struct LinkFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// Such as `connect` or `read`.
  var operation: String
  /// One of `MOSQ_ERR_…`.
  var code: Int32
  /// For people; holds no secret.
  var text: String

  var description: String { "\(operation): \(text)" }

  /// The broker was reached and said no.
  var isRefusal: Bool { code == MOSQ_ERR_CONN_REFUSED.rawValue }

  /// - Parameters:
  ///   - systemError: `errno` as it was right after the call.
  ///   - detail: the library's last line of log about an error.
  init(_ operation: String, code: Int32, systemError: Int32 = 0, detail: String? = nil) {
    self.operation = operation
    self.code = code
    let meaning =
      switch mosq_err_t(code) {
      case MOSQ_ERR_ERRNO where systemError != 0: String(cString: strerror(systemError))
      // For a failed look-up the library leaves the resolver's own code in errno.
      case MOSQ_ERR_EAI: String(cString: gai_strerror(systemError))
      // Codes that the library returns but has no words for.
      case MOSQ_ERR_KEEPALIVE: "no answer to a ping"
      case MOSQ_ERR_TLS_HANDSHAKE: "the TLS handshake failed"
      default: String(cString: mosquitto_strerror(code)).trimmingFullStop()
      }
    text = detail.map { "\(meaning) (\($0))" } ?? meaning
  }

  /// The socket says that it is over, the library does not.
  static let hungUpInHandshake = LinkFailure(
    operation: "connect", code: MOSQ_ERR_CONN_LOST.rawValue,
    text: "refused or closed by the other side before TLS was set up")

  /// Said by us, so that the broker delivers the message once more.
  static let notAccepted = LinkFailure(
    operation: "receive", code: MOSQ_ERR_CONN_LOST.rawValue,
    text: "a message could not be kept; the connection is given up so that it comes again")

  private init(operation: String, code: Int32, text: String) {
    self.operation = operation
    self.code = code
    self.text = text
  }

  /// The broker refused the connection; `reason` is the CONNACK's return code (MQTT 3.1.1, table 3.1).
  init(refusal reason: Int32) {
    operation = "connect"
    code = MOSQ_ERR_CONN_REFUSED.rawValue
    text = String(cString: mosquitto_connack_string(reason)).trimmingFullStop()
  }
}

extension String {
  fileprivate func trimmingFullStop() -> String { hasSuffix(".") ? String(dropLast()) : self }
}
