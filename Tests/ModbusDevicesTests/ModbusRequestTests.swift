import DeviceProfile
import Testing

@testable import ModbusDevices

/// Layouts as in the examples of Modbus Application Protocol 1.1b3, sections 6.1 to 6.12.
@Suite struct ModbusRequestTests {
  private func failure(_ request: ModbusRequest, _ answer: [UInt8]) -> ModbusFailure? {
    answer.withUnsafeBufferPointer { answer in
      do throws(ModbusFailure) {
        try request.check(answer)
        return nil
      } catch {
        return error
      }
    }
  }

  private func read(_ space: RegisterSpace, _ start: Int, _ count: Int) -> ModbusRequest {
    ModbusRequest(ReadBlock(space: space, start: start, count: count))
  }

  private func write(
    _ space: RegisterSpace, _ address: Int, _ registers: [UInt16], single: Bool = false
  ) -> ModbusRequest {
    var write = EncodedWrite(space: space, address: address, registers: registers)
    if single { write.function = .single }
    return ModbusRequest(write)
  }

  @Test func requestsAsTheSpecificationShowsThem() {
    #expect(read(.coil, 0x13, 0x13).body == [1, 0, 0x13, 0, 0x13])
    #expect(read(.discrete, 0xC4, 0x16).body == [2, 0, 0xC4, 0, 0x16])
    #expect(read(.holding, 0x6B, 3).body == [3, 0, 0x6B, 0, 3])
    #expect(read(.input, 8, 1).body == [4, 0, 8, 0, 1])
    #expect(write(.coil, 0xAC, [1]).body == [5, 0, 0xAC, 0xFF, 0])
    #expect(write(.coil, 0xAC, [0]).body == [5, 0, 0xAC, 0, 0])
    #expect(write(.holding, 1, [3], single: true).body == [6, 0, 1, 0, 3])
    #expect(
      write(.coil, 0x13, [1, 0, 1, 1, 0, 0, 1, 1, 1, 0]).body == [15, 0, 0x13, 0, 0x0A, 2, 0xCD, 1])
    #expect(write(.holding, 1, [0x0A, 0x102]).body == [16, 0, 1, 0, 2, 4, 0, 0x0A, 1, 2])
  }

  @Test func whatBelongsToTheQuestionIsTaken() {
    #expect(failure(read(.holding, 0x6B, 3), [3, 6, 2, 0x2B, 0, 0, 0, 0x64]) == nil)
    #expect(failure(read(.coil, 0x13, 0x13), [1, 3, 0xCD, 0x6B, 5]) == nil)
    #expect(failure(write(.holding, 1, [3], single: true), [6, 0, 1, 0, 3]) == nil)
    #expect(failure(write(.holding, 1, [0x0A, 0x102]), [16, 0, 1, 0, 2]) == nil)
    var registers: [UInt16] = [9, 9, 9, 9]
    let bits: [UInt8] = [0b101]
    bits.withUnsafeBufferPointer {
      ReadBlock(space: .coil, start: 0, count: 3, imageOffset: 1).place($0, into: &registers)
    }
    #expect(registers == [9, 1, 0, 1])
  }

  @Test(
    "what does not belong to the question is garbled",
    arguments: [
      [], [3], [4, 6, 0, 0, 0, 0, 0, 0], [3, 4, 0, 0, 0, 0], [3, 6, 0, 0, 0, 0], [3, 6, 0, 0, 0, 0, 0, 0, 0],
      [0x84, 2], [0x83, 2, 0], [0x83, 0],
    ] as [[UInt8]])
  func garbled(answer: [UInt8]) {
    guard case .garbled = failure(read(.holding, 0x6B, 3), answer)?.reason else {
      Issue.record("\(answer) passes")
      return
    }
  }

  @Test func anEchoOfAnotherValueIsNoConfirmation() {
    #expect(failure(write(.holding, 1, [3], single: true), [6, 0, 1, 0, 4])?.endsConnection == true)
    #expect(failure(write(.holding, 1, [3, 4]), [16, 0, 2, 0, 2])?.endsConnection == true)
    #expect(failure(write(.coil, 1, [1]), [5, 0, 1, 0, 0])?.endsConnection == true)
  }

  @Test func exceptions() {
    #expect(failure(read(.holding, 0, 1), [0x83, 2])?.reason == .exception(2))
    #expect(failure(write(.coil, 1, [1]), [0x85, 6])?.reason == .exception(6))
    #expect(failure(read(.holding, 0, 1), [0x83, 0x77])?.reason == .exception(0x77))
  }
}
