import CModbus
import Glibc
import Testing

@testable import ModbusDevices

@Suite struct ModbusFailureTests {
  @Test("a clean exception keeps the connection, everything else ends it")
  func connection() {
    #expect(!ModbusFailure(.read, code: MODBUS_ENOBASE + 2).endsConnection)
    for code in [ETIMEDOUT, ECONNRESET, EPIPE, MODBUS_ENOBASE + 12, MODBUS_ENOBASE + 13, MODBUS_ENOBASE + 14] {
      #expect(ModbusFailure(.read, code: code).endsConnection, "\(code)")
    }
  }

  @Test func reasons() {
    #expect(ModbusFailure(.read, code: MODBUS_ENOBASE + 11).reason == .exception(11))
    #expect(ModbusFailure(.read, code: MODBUS_ENOBASE + 13).reason == .garbled(MODBUS_ENOBASE + 13))
    #expect(ModbusFailure(.read, code: ETIMEDOUT).reason == .timeout)
    #expect(ModbusFailure(.connect, code: EINPROGRESS).reason == .notConnected(ETIMEDOUT))
    #expect(ModbusFailure(.connect, code: ECONNREFUSED).reason == .notConnected(ECONNREFUSED))
    #expect(ModbusFailure(.write, code: ECONNRESET).reason == .connectionLost(ECONNRESET))
  }

  @Test("a gateway's word that the device is missing counts as silence")
  func silence() {
    #expect(ModbusFailure(.read, code: MODBUS_ENOBASE + 11).isSilence)
    #expect(!ModbusFailure(.read, code: MODBUS_ENOBASE + 2).isSilence)
  }
}
