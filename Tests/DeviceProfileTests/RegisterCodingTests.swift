import Testing

@testable import DeviceProfile

@Suite struct RegisterCodingTests {
  @Test(
    "raw patterns become numbers",
    arguments: [
      (RegisterType.uint16, 0xFFFE, 65534), (.int16, 0xFFFE, -2), (.uint32, 0xFFFF_FFFE, 4_294_967_294),
      (.int32, 0xFFFF_FFFE, -2), (.int64, 0xFFFF_FFFF_FFFF_FFFE, -2), (.uint64, 0x1_0000_0000, 4_294_967_296),
      (.float32, 0x4366_1999, Double(Float(bitPattern: 0x4366_1999))), (.float64, 0x4069_0000_0000_0000, 200),
      (.acc32, 5, 5), (.bit, 1, 1),
    ] as [(RegisterType, UInt64, Double)])
  func numbers(type: RegisterType, bits: UInt64, number: Double) {
    #expect(type.number(bits) == number)
    #expect(type.bits(of: number) == bits)
  }

  @Test("what is no number stays none")
  func noNumbers() {
    #expect(RegisterType.float32.number(0x7FC0_0000) == nil)
    #expect(RegisterType.float32.number(0xFFC0_0001) == nil)
    #expect(RegisterType.float32.number(0x7F80_0000) == nil)
    #expect(RegisterType.float64.number(Double.nan.bitPattern) == nil)
    #expect(RegisterType.acc32.number(0) == nil)
    #expect(RegisterType.acc64.number(0) == nil)
    #expect(RegisterType.uint32.number(0) == 0)
  }

  @Test("what does not fit is not cut")
  func noRoom() {
    #expect(RegisterType.uint16.bits(of: 65536) == nil)
    #expect(RegisterType.uint16.bits(of: -1) == nil)
    #expect(RegisterType.int16.bits(of: -32769) == nil)
    #expect(RegisterType.bit.bits(of: 2) == nil)
    #expect(RegisterType.float32.bits(of: 1e39) == nil)
    #expect(RegisterType.int32.bits(of: .nan) == nil)
    #expect(RegisterType.uint16.bits(of: 9.6) == 10)
  }

  @Test("words come in either order")
  func wordOrder() {
    let registers: [UInt16] = [9, 0x0001, 0x0002, 0x0003, 0x0004]
    registers.withUnsafeBufferPointer { registers in
      #expect(WordOrder.highFirst.bits(registers, at: 1, width: 4) == 0x0001_0002_0003_0004)
      #expect(WordOrder.lowFirst.bits(registers, at: 1, width: 4) == 0x0004_0003_0002_0001)
    }
    #expect(WordOrder.highFirst.registers(0x0001_0002, width: 2) == [1, 2])
    #expect(WordOrder.lowFirst.registers(0x0001_0002, width: 2) == [2, 1])
  }

  @Test("text ends at the first NUL, without the blanks around it")
  func text() {
    #expect(TextField.text([0x3334, 0x3131, 0x0000, 0x4141]) == "3411")
    #expect(TextField.text([0x2041, 0x4220]) == "AB")
    #expect(TextField.text([0, 0]) == nil)
    #expect(TextField.text([0x2020, 0x2020]) == nil)
    #expect(TextField.text([0xFFFF]) == nil)
    #expect(TextField.text([]) == nil)
  }
}
