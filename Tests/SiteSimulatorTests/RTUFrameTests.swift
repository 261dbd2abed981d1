import EnergyModel
import SiteSimulator
import Testing

@Suite struct RTUFrameTests {
  private let silence = Duration.milliseconds(4)
  private let start = MonotonicInstant(nanoseconds: 1_000_000_000)
  private let read = RTUFrame(unit: 1, body: [3, 0, 0, 0, 10])

  @Test func checksumsAsTheStandardAndTheWorldHaveThem() {
    // Modbus over Serial Line 1.02, appendix B: the frame 02 07 has the checksum 1241, sent as 41 12.
    #expect(RTUFrame(unit: 2, body: [7]).bytes == [2, 7, 0x41, 0x12])
    #expect(read.bytes == [1, 3, 0, 0, 0, 10, 0xC5, 0xCD])
  }

  @Test func framesComeTogetherByteByByte() {
    var reader = RTUFrameReader(silence: silence)
    for byte in read.bytes.dropLast() { #expect(reader.read([byte], now: start).isEmpty) }
    #expect(reader.read(read.bytes.suffix(1), now: start) == [read])
    let write = RTUFrame(unit: 9, body: [16, 0, 7, 0, 2, 4, 1, 2, 3, 4])
    #expect(reader.read(write.bytes + read.bytes, now: start + silence) == [write, read])
  }

  @Test func aSilenceEndsWhatWasHalf() {
    var reader = RTUFrameReader(silence: silence)
    #expect(reader.read(read.bytes.prefix(5), now: start).isEmpty)
    #expect(reader.read(read.bytes, now: start + silence) == [read])
  }

  @Test(arguments: [
    [1, 3, 0, 0, 0, 10, 0xC5, 0xCE], [1, 0x2B, 14, 1, 0, 0], [1, 16, 0, 0, 0, 255, 255],
    [UInt8](repeating: 0xFF, count: 300), Array("GET / HTTP/1.1\r\n\r\n".utf8),
  ])
  func nonsenseIsNothingUntilTheLineIsSilent(bytes: [UInt8]) {
    var reader = RTUFrameReader(silence: silence)
    #expect(reader.read(bytes, now: start).isEmpty)
    // Right behind it nobody can tell where a frame begins.
    #expect(reader.read(read.bytes, now: start + .milliseconds(1)).isEmpty)
    #expect(reader.read(read.bytes, now: start + .milliseconds(10)) == [read])
  }

  /// Any bytes, in any pieces: no trap, and only frames whose checksum is right.
  @Test func randomBytesNeverTrap() {
    var random = Random(seed: 5, stream: 1)
    var reader = RTUFrameReader(silence: silence)
    var now = start
    for _ in 0..<20_000 {
      var bytes = (0..<Int(random.unit() * 12)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if random.unit() < 0.5, bytes.count > 1 { bytes[1] %= 17 }
      now = now + .microseconds(Int64(random.unit() * 6000))
      for frame in reader.read(bytes, now: now) { #expect([1, 2, 3, 4, 5, 6, 15, 16].contains(frame.body[0])) }
    }
    #expect(reader.read(read.bytes, now: now + .seconds(1)) == [read])
  }

  @Test func aLineTakesItsTime() {
    let slow = LineSpeed(baud: 9600)
    #expect(slow.character.nanoseconds == 1_145_833)
    #expect(slow.silence.nanoseconds == 4_010_415)
    #expect(slow.duration(of: 8).milliseconds == 9)
    #expect(LineSpeed(baud: 115_200).silence == .microseconds(1750))
  }
}
