import DeviceProfile
import EnergyModel
import Testing

@testable import ModbusDevices

/// What others read through us: pure answers to whole requests.
@Suite struct RegisterStoreTests {
  private let start = MonotonicInstant(nanoseconds: 0)

  private var store: RegisterStore {
    let store = RegisterStore(units: [1, 2])
    store.put([10, 11, 12], unit: 1, .holding, 100, at: start, validFor: .seconds(5))
    store.put([13, 14], unit: 1, .holding, 103, at: start + .seconds(2), validFor: .seconds(5))
    store.put([1, 0, 1], unit: 1, .coil, 0, at: start, validFor: .seconds(5))
    return store
  }

  private func ask(_ unit: UInt8, _ body: [UInt8], after: Duration = .seconds(1)) -> [UInt8] {
    let request = ServedRequest(transaction: 0x1234, unit: unit, body: body)
    let answer = request.answer(from: store, at: start + after)
    #expect(Array(answer.prefix(4)) == [0x12, 0x34, 0, 0])
    #expect(Int(answer[5]) == answer.count - 6)
    #expect(answer[6] == unit)
    return Array(answer.dropFirst(7))
  }

  @Test func whatWasReadIsServedAcrossRequests() {
    #expect(ask(1, [3, 0, 101, 0, 3]) == [3, 6, 0, 11, 0, 12, 0, 13])
    #expect(ask(1, [1, 0, 0, 0, 3]) == [1, 1, 0b101])
  }

  @Test func anythingButReadingIsRefused() {
    for function: UInt8 in [0, 5, 6, 7, 8, 15, 16, 22, 23, 43, 0x83] {
      #expect(ask(1, [function, 0, 100, 0, 1]) == [function | 0x80, 1])
    }
  }

  @Test func whatWeDoNotReadDoesNotExistHere() {
    #expect(ask(1, [3, 0, 99, 0, 2]) == [0x83, 2])
    #expect(ask(1, [3, 0, 103, 0, 3]) == [0x83, 2])
    #expect(ask(1, [4, 0, 100, 0, 1]) == [0x84, 2])
    #expect(ask(1, [3, 0xFF, 0xFF, 0, 2]) == [0x83, 2])
    #expect(ask(1, [3, 0, 100, 0, 0]) == [0x83, 3])
    #expect(ask(1, [3, 0, 100, 0, 126]) == [0x83, 3])
    #expect(ask(1, [3, 0, 100]) == [0x83, 3])
    #expect(ask(9, [3, 0, 100, 0, 1]) == [0x83, 0x0A])
  }

  @Test func whatIsOldIsNotPassedOn() {
    #expect(ask(1, [3, 0, 100, 0, 1], after: .seconds(5)) == [3, 2, 0, 10])
    #expect(ask(1, [3, 0, 100, 0, 1], after: .seconds(6)) == [0x83, 0x0B])
    #expect(ask(1, [3, 0, 103, 0, 1], after: .seconds(6)) == [3, 2, 0, 13])
    #expect(ask(1, [3, 0, 102, 0, 2], after: .seconds(6)) == [0x83, 0x0B])
    // A unit of this bus that has not answered yet.
    #expect(ask(2, [3, 0, 100, 0, 1]) == [0x83, 0x0B])
  }

  @Test func aNewLayoutTakesThePlaceOfTheOld() {
    let store = store
    store.put([7, 8], unit: 1, .holding, 101, at: start, validFor: .seconds(5))
    #expect(store.read(2, unit: 1, .holding, 101, at: start) == .registers([7, 8]))
    #expect(store.read(1, unit: 1, .holding, 100, at: start) == .unknownRegister)
  }

  @Test func requestsAreCutFromAnyPieces() throws {
    let bytes: [UInt8] = [0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1, 0, 2, 0, 0, 0, 2, 1, 7]
    for size in 1...bytes.count {
      var reader = RequestReader()
      var requests: [ServedRequest] = []
      for first in stride(from: 0, to: bytes.count, by: size) {
        requests += try reader.read(bytes[first..<min(first + size, bytes.count)])
      }
      #expect(requests.map(\.body) == [[3, 0, 0, 0, 1], [7]])
      #expect(requests.map(\.transaction) == [1, 2])
      #expect(!reader.isWithinRequest)
    }
  }

  @Test func nonsenseIsRefusedOrAnsweredAndNeverGrows() {
    var random = SplitMix64(seed: 3)
    for _ in 0..<2000 {
      var reader = RequestReader()
      var length = 0
      do {
        for _ in 0..<20 {
          var bytes = (0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
          // Half of it looks like Modbus.
          if random.next() % 2 == 0 { bytes = [0, 1, 0, 0, 0, UInt8(random.next() % 20)] + bytes }
          length += bytes.count
          for request in try reader.read(bytes) {
            let answer = request.answer(from: store, at: start)
            #expect(answer.count >= 9 && answer.count <= 260)
          }
        }
      } catch {
        continue
      }
      #expect(length <= 800)
    }
    var reader = RequestReader()
    #expect(throws: RequestReader.Nonsense.self) { _ = try reader.read(Array("GET / HTTP/1.1\r\n".utf8)) }
  }
}
