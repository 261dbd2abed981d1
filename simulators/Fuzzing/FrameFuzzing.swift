import DeviceProfile
import EnergyModel
import ModbusDevices
import SiteSimulator

/// Frames of Modbus: what strangers ask the read-only server, and what devices answer.
enum FrameFuzzing {
  static func feed(_ bytes: [UInt8]) throws(FuzzFinding) {
    var source = FuzzBytes(bytes)
    switch source.byte() % 5 {
    case 0: try serve(&source)
    case 1: try answer(&source)
    case 2: try identify(&source)
    case 3: try cutSerialLine(&source)
    default: try checkSum(&source)
    }
  }

  // MARK: What is asked of us

  private static let now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
  /// Registers 95...104 of unit 3 each holding their own address, 8 coils of which each second is on, and old inputs.
  private static let store: RegisterStore = {
    let store = RegisterStore(units: [3, 4])
    let holding = (95...104).map { UInt16($0) }
    store.put(Array(holding[..<5]), unit: 3, .holding, 95, at: now, validFor: .seconds(5))
    store.put(Array(holding[5...]), unit: 3, .holding, 100, at: now, validFor: .seconds(5))
    store.put([0, 1, 0, 1, 0, 1, 0, 1], unit: 3, .coil, 0, at: now, validFor: .seconds(5))
    store.put([7], unit: 3, .input, 0, at: now - .seconds(60), validFor: .seconds(5))
    store.put([9], unit: 3, .holding, 65_535, at: now, validFor: .seconds(5))
    return store
  }()

  /// The pieces' lengths, until a zero, then what the client sends. However it dribbles in, it is the same requests; each has
  /// one answer, which is a whole frame of its own and tells nothing but what was read of a device.
  private static func serve(_ source: inout FuzzBytes) throws(FuzzFinding) {
    let (pieces, bytes) = pieces(&source)
    var whole = RequestReader()
    let requests = try? whole.read(bytes)
    var reader = RequestReader()
    var dribbled: [ServedRequest]? = []
    for piece in pieces where dribbled != nil {
      guard let more = try? reader.read(piece) else {
        dribbled = nil
        continue
      }
      dribbled? += more
    }
    try FuzzFinding.require(dribbled == requests, "\(pieces.count) pieces are other requests than the whole")
    guard let requests else { return }
    try FuzzFinding.require(reader.isWithinRequest == whole.isWithinRequest, "a request is whole in pieces only")
    var place = 0
    for request in requests {
      let frame =
        [UInt8(request.transaction >> 8), UInt8(request.transaction & 0xFF), 0, 0]
        + [UInt8((request.body.count + 1) >> 8), UInt8((request.body.count + 1) & 0xFF), request.unit] + request.body
      try FuzzFinding.require(bytes[place...].starts(with: frame), "a request is none of the bytes at \(place)")
      place += frame.count
      try check(request, request.answer(from: store, at: now))
    }
    // What is left is the beginning of a request, and never more than one.
    try FuzzFinding.require(bytes.count - place < 260, "\(bytes.count - place) bytes wait for their end")
  }

  private static func check(_ request: ServedRequest, _ answer: [UInt8]) throws(FuzzFinding) {
    let head = [UInt8(request.transaction >> 8), UInt8(request.transaction & 0xFF), 0, 0]
    let length = answer.count > 5 ? Int(answer[4]) << 8 | Int(answer[5]) : 0
    try FuzzFinding.require(
      answer.count >= 9 && answer.count <= 260 && answer.starts(with: head) && length == answer.count - 6
        && answer[6] == request.unit, "\(request) is answered \(answer)")
    let function = request.body[0]
    guard answer[7] == function, function < 0x80 else {
      return try FuzzFinding.require(
        answer.count == 9 && answer[7] == function | 0x80 && [1, 2, 3, 10, 11].contains(answer[8]),
        "\(request) is refused by \(answer)")
    }
    let body = request.body
    try FuzzFinding.require(body.count == 5 && request.unit == 3, "\(request) is answered \(answer)")
    let (start, count) = (Int(body[1]) << 8 | Int(body[2]), Int(body[3]) << 8 | Int(body[4]))
    switch function {
    case 1:
      let expected = (0..<count).reduce(into: [UInt8](repeating: 0, count: (count + 7) / 8)) { bits, index in
        if (start + index) % 2 == 1 { bits[index / 8] |= 1 << UInt8(index % 8) }
      }
      try FuzzFinding.require(
        count > 0 && start + count <= 8 && Array(answer[8...]) == [UInt8(expected.count)] + expected,
        "\(request) is answered \(answer)")
    case 3:
      let told = start == 65_535 ? [9] : (start..<start + count).map { $0 }
      let isThere = (95...104).contains(start) && start + count <= 105 || start == 65_535 && count == 1
      try FuzzFinding.require(
        count > 0 && isThere
          && Array(answer[8...]) == [UInt8(count * 2)] + told.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] },
        "\(request) is answered \(answer)")
    default: throw FuzzFinding("\(request) is answered \(answer)")
    }
  }

  private static func pieces(_ source: inout FuzzBytes) -> (pieces: [ArraySlice<UInt8>], whole: [UInt8]) {
    var lengths: [Int] = []
    while lengths.count < 64 {
      let length = Int(source.byte())
      guard length > 0 else { break }
      lengths.append(length)
    }
    let bytes = source.take(.max)
    var pieces: [ArraySlice<UInt8>] = []
    var rest = bytes[...]
    for length in lengths where !rest.isEmpty {
      pieces.append(rest.prefix(length))
      rest = rest.dropFirst(length)
    }
    return (pieces + [rest], bytes)
  }

  // MARK: What we are answered

  /// The request, then the frame that comes over TCP.
  private static func answer(_ source: inout FuzzBytes) throws(FuzzFinding) {
    let (transaction, unit) = (source.word(), [1, 3, 247, 255][Int(source.byte() % 4)])
    let spaces: [RegisterSpace] = [.holding, .input, .coil, .discrete]
    let space = spaces[Int(source.byte() % 4)]
    let isBits = space == .coil || space == .discrete
    let (start, count) = (Int(source.word()), 1 + Int(source.word()) % (isBits ? 2000 : 125))
    let block = ReadBlock(space: space, start: start, count: count, imageOffset: 2)
    let isWrite = source.byte() % 2 == 1 && (space == .holding || space == .coil)
    let values = [UInt16](repeating: isBits ? 1 : 0x1234, count: min(count, 123))
    let request =
      isWrite
      ? ModbusRequest(EncodedWrite(space: space, address: start, registers: values)) : ModbusRequest(block)
    let asked = request.frame(transaction: transaction, unit: unit)
    try FuzzFinding.require(
      asked.count <= 260 && Int(asked[4]) << 8 | Int(asked[5]) == asked.count - 6
        && asked.suffix(from: 7).elementsEqual(request.body),
      "the request \(asked) is none")
    let frame = source.take(.max)
    var registers = [UInt16](repeating: 0xABCD, count: count + 4)
    let place: Range<Int>?
    do throws(ModbusFailure) {
      place = try frame.withUnsafeBufferPointer { frame throws(ModbusFailure) in
        let place = try request.answer(in: frame, transaction: transaction, unit: unit)
        let answer = UnsafeBufferPointer(rebasing: frame[place])
        try request.check(answer)
        if !isWrite { block.place(UnsafeBufferPointer(rebasing: answer[2...]), into: &registers) }
        return place
      }
    } catch {
      return try FuzzFinding.require(!error.description.isEmpty, "a failure without a word")
    }
    let body = Array(frame[(place ?? 0..<0)])
    try FuzzFinding.require(
      frame.starts(with: asked[..<4]) && Int(frame[4]) << 8 | Int(frame[5]) == frame.count - 6
        && (unit == 255 || Int(frame[6]) == unit) && body.first == request.body[0],
      "\(frame) is taken for the answer to \(asked)")
    guard !isWrite else {
      return try FuzzFinding.require(
        body == Array(request.body.prefix(5)), "\(frame) is taken for the echo of \(asked)")
    }
    try FuzzFinding.require(
      body.count == 2 + Int(body[1]) && Int(body[1]) == (isBits ? (count + 7) / 8 : count * 2),
      "\(frame) is taken for \(count) registers")
    try FuzzFinding.require(
      registers[..<2] == [0xABCD, 0xABCD] && registers[(count + 2)...] == [0xABCD, 0xABCD],
      "an answer is put beside its place")
    for index in 0..<count {
      let told =
        isBits
        ? UInt16(body[2 + index / 8] >> UInt8(index % 8) & 1)
        : UInt16(body[2 + index * 2]) << 8 | UInt16(body[3 + index * 2])
      try FuzzFinding.require(registers[2 + index] == told, "register \(index) of \(frame) is \(registers[2 + index])")
    }
  }

  /// What a device says of itself: in pieces, over TCP or on a line.
  private static func identify(_ source: inout FuzzBytes) throws(FuzzFinding) {
    let isSerial = source.byte() % 2 == 1
    let head: [UInt8] = isSerial ? [] : [0x12, 0x34, 0, 0]
    let (pieces, bytes) = pieces(&source)
    var reader = IdentificationReader(head: head)
    for piece in pieces {
      let read = Result { () throws(ModbusFailure) in try reader.read(piece) }
      guard case .success(let answer?) = read else {
        if case .success = read { continue }
        break
      }
      if isSerial {
        try FuzzFinding.require(
          bytes.starts(with: answer) && bytes.dropFirst(answer.count).starts(with: FrameChecksum.of(answer)),
          "\(answer) is taken from a line with another checksum")
      } else {
        try FuzzFinding.require(
          bytes.starts(with: head + [UInt8(answer.count >> 8), UInt8(answer.count & 0xFF)] + answer),
          "\(answer) is taken from another frame")
      }
      try check(DeviceIdentification(answer.dropFirst()), answer)
      break
    }
    try check(DeviceIdentification(bytes), [0] + bytes)
  }

  private static func check(_ found: DeviceIdentification?, _ answer: [UInt8]) throws(FuzzFinding) {
    guard let found else { return }
    for text in [found.vendor, found.product, found.revision].compactMap(\.self) {
      let bytes = Array(text.utf8)
      try FuzzFinding.require(
        !bytes.isEmpty && bytes.count <= 255 && bytes.allSatisfy { (0x20...0x7E).contains($0) } && bytes.first != 0x20
          && bytes.last != 0x20, "\"\(text)\" is what a device calls itself")
      let isSaid = answer.indices.contains { answer[$0...].starts(with: bytes) }
      try FuzzFinding.require(isSaid, "\"\(text)\" was never said")
    }
  }

  // MARK: A serial line

  /// However the bytes come, as long as the line is never silent, they are the same frames, each with its checksum.
  private static func cutSerialLine(_ source: inout FuzzBytes) throws(FuzzFinding) {
    let (pieces, bytes) = pieces(&source)
    var whole = RTUFrameReader(silence: .milliseconds(2))
    let frames = whole.read(bytes, now: now)
    var reader = RTUFrameReader(silence: .milliseconds(2))
    var dribbled: [RTUFrame] = []
    for piece in pieces { dribbled += reader.read(piece, now: now) }
    try FuzzFinding.require(dribbled == frames, "a line in \(pieces.count) pieces says something else")
    var place = 0
    for frame in frames {
      try FuzzFinding.require(bytes[place...].starts(with: frame.bytes), "a frame is none of the line's")
      place += frame.bytes.count
    }
    // After a silence a line that was lost is understood again.
    let next = RTUFrame(unit: 5, body: [3, 0, 1, 0, 2])
    try FuzzFinding.require(
      reader.read(next.bytes, now: now + .milliseconds(2)) == [next], "a line is lost for longer than its silence")
  }

  /// Both of our checksums are the same, and notice one wrong bit.
  private static func checkSum(_ source: inout FuzzBytes) throws(FuzzFinding) {
    let (flip, bytes) = (Int(source.word()), source.take(254))
    let frame = RTUFrame(unit: bytes.first ?? 0, body: Array(bytes.dropFirst()))
    let mine = FrameChecksum.of([frame.unit] + frame.body)
    try FuzzFinding.require(Array(frame.bytes.suffix(2)) == mine, "two checksums of \(bytes)")
    var other = frame.bytes
    other[flip / 8 % other.count] ^= 1 << UInt8(flip % 8)
    try FuzzFinding.require(
      FrameChecksum.of(other.dropLast(2)) != Array(other.suffix(2)), "a wrong bit in \(bytes) is not noticed")
  }
}
