import SiteSimulator
import Testing

@Suite struct FaultyTransportTests {
  private let reply = ModbusFrame(transaction: 0x0102, unit: 3, body: [4, 4, 0xAA, 0xBB, 0xCC, 0xDD])

  private func sent(_ framing: FaultyTransport.Framing, _ faults: [DeviceFault]) -> FaultyTransport.Sending {
    var transport = FaultyTransport(framing)
    return transport.send(reply, under: faults)
  }

  private func bytes(_ framing: FaultyTransport.Framing, _ faults: [DeviceFault]) -> [UInt8] {
    sent(framing, faults).pieces.flatMap(\.bytes)
  }

  @Test func withoutAFaultTheAnswerGoesAsItIs() {
    #expect(sent(.tcp, []).pieces == [.init(after: .zero, bytes: reply.bytes)])
    #expect(bytes(.rtu, []) == RTUFrame(unit: 3, body: reply.body).bytes)
  }

  @Test func eachFaultSpoilsItsPart() {
    #expect(bytes(.tcp, [.wrongTransaction]) == [0x01, 0x09] + reply.bytes[2...])
    #expect(bytes(.tcp, [.wrongUnit])[6] == 4)
    #expect(bytes(.tcp, [.short(bytes: 2)]) == Array(reply.bytes.dropLast(2)))
    let good = RTUFrame(unit: 3, body: reply.body).bytes
    let bad = bytes(.rtu, [.badCRC])
    #expect(bad.dropLast(2) == good.dropLast(2) && bad != good)
    // The unit of another is checked by its checksum as well: only the address tells.
    #expect(bytes(.rtu, [.wrongUnit]) == RTUFrame(unit: 4, body: reply.body).bytes)
    let half = sent(.tcp, [.disconnect])
    #expect(half.endsConnection && half.pieces.map(\.bytes) == [Array(reply.bytes.prefix(7))])
    #expect(!sent(.rtu, [.disconnect]).endsConnection)
  }

  @Test func timeIsInThePieces() {
    #expect(sent(.tcp, [.delay(.seconds(2))]).pieces == [.init(after: .seconds(2), bytes: reply.bytes)])
    let drip = sent(.tcp, [.drip(.milliseconds(50)), .delay(.seconds(1))]).pieces
    #expect(drip.map(\.bytes) == reply.bytes.map { [$0] })
    #expect(drip.first?.after == .seconds(1) && drip.last?.after == .milliseconds(1000 + 50 * (reply.bytes.count - 1)))
  }

  @Test func aLateAnswerComesBeforeTheNext() {
    var transport = FaultyTransport(.tcp)
    #expect(transport.send(reply, under: [.late]).pieces.isEmpty)
    var next = reply
    next.transaction = 0x0103
    #expect(transport.send(next, under: [.late]).pieces.isEmpty)
    next.transaction = 0x0104
    #expect(transport.send(next).pieces.map { $0.bytes[1] } == [0x02])
    #expect(transport.send(next).pieces.map(\.bytes) == [next.bytes])
  }

  @Test func aStaleAnswerHasTheNewIdAndTheOldValues() {
    var transport = FaultyTransport(.tcp)
    _ = transport.send(reply, under: [.stale])
    var next = ModbusFrame(transaction: 0x0103, unit: 3, body: [4, 4, 1, 2, 3, 4])
    let expected = ModbusFrame(transaction: 0x0103, unit: 3, body: reply.body)
    #expect(transport.send(next, under: [.stale]).pieces.map(\.bytes) == [expected.bytes])
    // Another unit's values are not at hand.
    next.unit = 9
    #expect(transport.send(next, under: [.stale]).pieces.map(\.bytes) == [next.bytes])
  }
}
