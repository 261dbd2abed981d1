public import DeviceProfile
import EnergyModel
import Threads

/// One Modbus connection for a person with a tool: it asks what it is told to, once, and nothing by itself. It blocks, and
/// belongs to the thread that made it. A serial port that somebody else holds is left to him.
public final class RegisterProbe {
  private let link: ModbusLink
  private let connectTimeout: Duration
  /// Of each unit.
  private var late: [Int: LateReplies] = [:]

  /// - Parameters:
  ///   - connectDelay: rest after a connection was made.
  ///   - connectTimeout: for each address that a host's name stands for.
  public init(
    _ endpoint: BusEndpoint, connectDelay: Duration = .zero, connectTimeout: Duration = .seconds(3)
  ) {
    link = ModbusLink(endpoint, manners: ModbusLink.Manners(connectDelay: connectDelay))
    self.connectTimeout = connectTimeout
  }

  /// Connects unless connected; the other calls do so too.
  public func connect() throws(ProbeFailure) {
    do { try link.connect(timeout: connectTimeout) } catch { throw ProbeFailure(error) }
  }

  public func close() { link.close() }

  /// The words of a block of registers, or its bits as 0 and 1. After a missed answer the unit is asked something of
  /// another length first, which a late one does not fit.
  /// - Parameters:
  ///   - unit: 1…247, over TCP also 255.
  ///   - pause: rest of the line since the last request.
  public func read(
    _ block: ReadBlock, unit: Int, timeout: Duration, pause: Duration = .zero
  ) throws(ProbeFailure) -> [UInt16] {
    var registers: [UInt16] = Array(repeating: 0, count: block.count)
    let place = ReadBlock(space: block.space, start: block.start, count: block.count)
    do throws(ModbusFailure) {
      if let question = late[unit]?.question(near: place, at: .current) {
        var ignored: [UInt16] = Array(repeating: 0, count: question.count)
        do throws(ModbusFailure) { try ask(question, unit, timeout, pause, &ignored) } catch {
          // A refusal is an answer too.
          if error.isSilence { throw error }
        }
        late[unit] = nil
      }
      try ask(place, unit, timeout, pause, &registers)
    } catch { throw ProbeFailure(error) }
    return registers
  }

  private func ask(
    _ block: ReadBlock, _ unit: Int, _ timeout: Duration, _ pause: Duration, _ registers: inout [UInt16]
  ) throws(ModbusFailure) {
    try link.connect(timeout: connectTimeout)
    link.rest(pause, unit: unit)
    do throws(ModbusFailure) { try link.read(block, unit: unit, timeout: timeout, into: &registers) } catch {
      if error.leavesAnswerOpen { late[unit, default: LateReplies()].missed(block, at: .current) }
      throw error
    }
  }

  /// What the unit says of itself; few know the question.
  /// - Parameter pause: rest of the line since the last request.
  public func identification(
    unit: Int, timeout: Duration, pause: Duration = .zero
  ) throws(ProbeFailure) -> DeviceIdentification {
    do {
      try link.connect(timeout: connectTimeout)
      link.rest(pause, unit: unit)
      return try link.identification(unit: unit, timeout: timeout)
    } catch { throw ProbeFailure(error) }
  }

  /// Looks for SunSpec models, at all three bases.
  /// - Parameter counting: offsets of counters of repetitions to be read, by model.
  /// - Returns: nil where the unit answers and is no SunSpec device.
  public func sunSpecMap(
    unit: Int, timeout: Duration, counting: [Int: Set<Int>] = [:]
  ) throws(ProbeFailure) -> SunSpecMap? {
    var discovery = SunSpecDiscovery(counting: counting)
    while true {
      switch discovery.action {
      case .found(let map): return map
      case .failed: return nil
      case .read(let address, let count):
        do {
          let block = ReadBlock(space: .holding, start: address, count: count)
          discovery.received(try read(block, unit: unit, timeout: timeout))
        } catch {
          if error.isSilence { throw error }
          discovery.refused()
        }
      }
    }
  }
}

/// Why a question was not answered.
public struct ProbeFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The port or the connection is not there; nobody on it can be asked.
  public let isWithoutLink: Bool
  /// Another process holds the serial port.
  public let isPortTaken: Bool
  /// Nothing was heard of the unit itself.
  public let isSilence: Bool
  /// Something came that is no answer, or the connection was closed instead.
  public let isNonsense: Bool
  /// The exception code with which the unit refused.
  public let exception: UInt8?
  public let description: String

  init(_ failure: ModbusFailure) {
    isWithoutLink = failure.isWithoutLink
    isPortTaken = failure.reason == .portTaken
    isSilence = failure.isSilence
    isNonsense =
      switch failure.reason {
      case .garbled, .connectionLost: true
      case .notConnected, .portTaken, .timeout, .exception, .invalid: false
      }
    exception = if case .exception(let code) = failure.reason { code } else { nil }
    description = failure.description
  }
}
