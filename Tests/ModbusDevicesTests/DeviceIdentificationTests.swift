import DeviceProfile
import Foundation
import TestKit
import Testing
import Threads

@testable import ModbusDevices

/// Function 43 with type 14, as in the example of Modbus Application Protocol 1.1b3, section 6.21.
@Suite struct DeviceIdentificationTests {
  private func object(_ id: UInt8, _ text: String) -> [UInt8] { [id, UInt8(text.utf8.count)] + Array(text.utf8) }

  private var answer: [UInt8] {
    [0x2B, 0x0E, 0x01, 0x01, 0x00, 0x00, 3] + object(0, "Company identification") + object(1, "Product code XX")
      + object(2, "V2.11")
  }

  @Test func theExampleOfTheSpecification() throws {
    let found = try #require(DeviceIdentification(answer))
    #expect(found.vendor == "Company identification")
    #expect(found.product == "Product code XX")
    #expect(found.revision == "V2.11")
  }

  @Test func whatIsNoAnswer() {
    #expect(DeviceIdentification([]) == nil)
    #expect(DeviceIdentification([0xAB, 1]) == nil)
    for length in 0..<answer.count { #expect(DeviceIdentification(answer.prefix(length)) == nil) }
    #expect(DeviceIdentification(answer + [0]) == nil)
    let nothing = DeviceIdentification([0x2B, 0x0E, 1, 1, 0, 0, 2] + object(0, "  ") + object(1, "\u{7}x"))
    #expect(nothing?.vendor == nil && nothing?.product == nil)
    #expect(DeviceIdentification([0x2B, 0x0E, 1, 1, 0, 0, 1] + object(0, " ABB\0\0"))?.vendor == "ABB")
  }

  /// Modbus over Serial Line 1.02, section 6.2.2: the frame 02 07 has the checksum 41 12.
  @Test func theChecksumOfTheSpecification() { #expect(FrameChecksum.of([0x02, 0x07]) == [0x41, 0x12]) }

  /// Answers one connection's first request with what `reply` makes of it, in pieces.
  private func serve(_ reply: @escaping @Sendable ([UInt8]) -> [[UInt8]]) throws -> (port: Int, thread: OwnThread) {
    let port = Loopback.freePort()
    let listener = try Loopback.listener(port: port, backlog: 1)
    let thread = OwnThread(name: "peer") {
      let client = accept(listener, nil, nil)
      var bytes = [UInt8](repeating: 0, count: 64)
      let count = read(client, &bytes, bytes.count)
      for piece in reply(Array(bytes[..<max(0, count)])) {
        _ = send(client, piece, piece.count, Int32(MSG_NOSIGNAL))
        usleep(20_000)
      }
      close(client)
      close(listener)
    }
    return (port, thread)
  }

  private func ask(_ port: Int) -> Result<DeviceIdentification, ProbeFailure> {
    let probe = RegisterProbe(.tcp(host: "127.0.0.1", port: port))
    defer { probe.close() }
    return Result { () throws(ProbeFailure) in try probe.identification(unit: 7, timeout: .milliseconds(300)) }
  }

  @Test func overTCPInPieces() throws {
    let answer = answer
    let peer = try serve { request in
      let frame = Array(request[..<4]) + [0, UInt8(answer.count + 1), 7] + answer
      return [Array(frame[..<5]), Array(frame[5..<20]), Array(frame[20...])]
    }
    #expect(try ask(peer.port).get().vendor == "Company identification")
    peer.thread.join()
  }

  @Test func refusalsAndNonsense() throws {
    let refusing = try serve { request in [Array(request[..<4]) + [0, 3, 7, 0xAB, 1]] }
    guard case .failure(let refusal) = ask(refusing.port) else { return #expect(Bool(false)) }
    #expect(refusal.exception == 1)
    refusing.thread.join()
    let foreign = try serve { request in [[9, 9] + request[2..<4] + [0, 3, 7, 0xAB, 1]] }
    guard case .failure(let failure) = ask(foreign.port) else { return #expect(Bool(false)) }
    #expect(failure.isNonsense)
    foreign.thread.join()
    let silent = try serve { _ in
      usleep(400_000)
      return []
    }
    guard case .failure(let silence) = ask(silent.port) else { return #expect(Bool(false)) }
    #expect(silence.isSilence && !silence.isNonsense)
    silent.thread.join()
  }
}
