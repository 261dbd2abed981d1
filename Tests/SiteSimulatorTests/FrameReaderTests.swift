import SiteSimulator
import Testing

@Suite struct FrameReaderTests {
  private let read = ModbusFrame(transaction: 0x1234, unit: 1, body: [3, 0x9C, 0x40, 0, 2])

  @Test func framesComeTogetherByteByByte() throws {
    var reader = FrameReader()
    for byte in read.bytes.dropLast() {
      #expect(try reader.read([byte]).isEmpty)
      #expect(reader.isWithinFrame)
    }
    #expect(try reader.read(read.bytes.suffix(1)) == [read])
    #expect(!reader.isWithinFrame)
  }

  @Test func severalFramesInOnePiece() throws {
    var reader = FrameReader()
    #expect(try reader.read(read.bytes + read.bytes + [0x00]) == [read, read])
    #expect(reader.isWithinFrame)
  }

  @Test(arguments: [
    Array("GET / HTTP/1.1".utf8), [0, 1, 0, 0, 0, 1, 1, 3], [0, 1, 0, 0, 2, 0, 1, 3], [0, 1, 0, 9, 0, 6, 1, 3],
  ])
  func garbageIsNoFrame(bytes: [UInt8]) {
    var reader = FrameReader()
    #expect(throws: FrameReader.Garbage.self) { try reader.read(bytes) }
  }

  @Test func requestsAreReadStrictly() throws {
    #expect(try ModbusRequest([3, 0x9C, 0x40, 0, 2]) == .readHolding(address: 40_000, count: 2))
    #expect(try ModbusRequest([5, 0, 1, 0xFF, 0]) == .writeCoil(address: 1, isOn: true))
    #expect(try ModbusRequest([15, 0, 0, 0, 3, 1, 0b101]) == .writeCoils(address: 0, areOn: [true, false, true]))
    #expect(try ModbusRequest([16, 0, 7, 0, 1, 2, 0xAB, 0xCD]) == .writeRegisters(address: 7, values: [0xABCD]))
    let refused: [([UInt8], ModbusException)] = [
      ([], .illegalFunction), ([0x2B, 14, 1, 0, 0], .illegalFunction), ([3, 0, 0, 0, 0], .illegalDataValue),
      ([3, 0, 0, 0, 126], .illegalDataValue), ([3, 0], .illegalDataValue), ([5, 0, 0, 1, 0], .illegalDataValue),
      ([16, 0, 0, 0, 2, 4, 0, 1], .illegalDataValue), ([16, 0, 0, 0, 1], .illegalDataValue),
    ]
    for (bytes, exception) in refused {
      #expect(throws: exception) { try ModbusRequest(bytes) }
    }
  }
}
