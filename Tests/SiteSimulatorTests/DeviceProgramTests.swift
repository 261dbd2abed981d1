import Foundation
import TestKit
import Testing

/// `holdfast-sim device`, asked by libmodbus and by mbpoll.
@Suite(.serialized) struct DeviceProgramTests {
  private func program(_ arguments: [String]) async throws -> SimulatorProgram {
    try await SimulatorProgram { folder in
      [
        "device", "--profiles", ProfileClient.folder.path, "--tcp", "0", "--rtu",
        folder.appendingPathComponent("line").path,
      ]
        + arguments
    }
  }

  private func float(_ words: [UInt16]) -> Float? {
    words.count == 2 ? Float(bitPattern: UInt32(words[0]) << 16 | UInt32(words[1])) : nil
  }

  @Test func severalProfilesOnOneBusOverTCPAndASerialLine() async throws {
    let values = try TemporaryFolder.make("values").appendingPathComponent("values")
    defer { try? FileManager.default.removeItem(at: values.deletingLastPathComponent()) }
    try "0 cellar power_w=420\n1 power_w=7 # all\n".write(to: values, atomically: true, encoding: .utf8)
    let simulator = try await program([
      "eastron-sdm630@1", "eastron-sdm630@2=cellar", "sunspec-hybrid@3", "--point", "power_w=-1520.5",
      "--values", values.path,
    ])
    let port = try simulator.port("tcp")
    let line = try #require(simulator.ready["rtu"] as? String)
    let clients = try [ModbusClient(port, unit: 2), ModbusClient(line, unit: 2)]
    for client in clients {
      client.wait(milliseconds: 900)
      try await eventually("the second line of the script") { float(client.input(52, 2)) == 7 }
      client.address(unit: 1)
      #expect(float(client.input(52, 2)) == 7)
      #expect(client.input(0, 18).count == 18)
      // A register that the profile does not know.
      #expect(client.input(0, 22).isEmpty)
      client.address(unit: 3)
      #expect(client.holding(40_000, 4) == [0x5375, 0x6E53, 1, 66])
    }
    #expect(simulator.child.terminate() == 0)
  }

  @Test func theSiteIsMeasuredAndFaultsHaveNames() async throws {
    let faults = try TemporaryFolder.make("faults").appendingPathComponent("faults")
    defer { try? FileManager.default.removeItem(at: faults.deletingLastPathComponent()) }
    try "0 eastron-sdm630 sign-flip power_w for 1\n".write(to: faults, atomically: true, encoding: .utf8)
    let simulator = try await program([
      "eastron-sdm630", "--site", "--fixed-load", "3000", "--fixed-pv", "0", "--soc", "5", "--boiler", "never",
      "--faults", faults.path,
    ])
    let client = try ModbusClient(simulator.port("tcp"))
    let power = try #require(float(client.input(52, 2)))
    #expect(abs(abs(power) - 3000) < 400)
    try await eventually("the sign is right") { (float(client.input(52, 2)) ?? 0) > 2600 }
  }

  @Test func aWriteIsTakenAndReleasedByTheDevicesOwnTimer() async throws {
    let simulator = try await program(["sunspec-hybrid"])
    let client = try ModbusClient(simulator.port("tcp"))
    // The chain leads to model 124.
    var address = 40_002
    var head = client.holding(address, 2)
    while head.count == 2, head[0] != 124, head[0] != 0xFFFF {
      address += 2 + Int(head[1])
      head = client.holding(address, 2)
    }
    try #require(head.first == 124)
    #expect(client.write([3], at: address + 5))
    #expect(client.write([2500, 10_000, 0, 1], at: address + 12))
    #expect(client.holding(address + 12, 1) == [2500])
    #expect(!client.write([1], at: address + 2))
    try await eventually("the limit is released") { client.holding(address + 12, 1) != [2500] }
  }

  @Test func nonsenseIsRefusedInWords() async throws {
    let folder = try TemporaryFolder.make("refusals")
    defer { try? FileManager.default.removeItem(at: folder) }
    let known = ["--profiles", ProfileClient.folder.path, "--tcp", "0"]
    for (number, (arguments, words)) in [
      (["nothing"] + known, "no profile 'nothing'"), (["keba-p30@0"] + known, "no PROFILE"),
      (["keba-p30"], "say where"), (["keba-p30", "keba-p30"] + known, "is taken"),
      (["keba-p30", "--point", "power=1"] + known, "no POINT=VALUE"),
    ].enumerated() {
      let output = folder.appendingPathComponent("\(number)")
      let child = try ChildProcess(SimulatorProgram.path(), ["device"] + arguments, output: output)
      #expect(child.wait() != 0)
      #expect(try String(contentsOf: output, encoding: .utf8).contains(words), "\(arguments)")
    }
  }

  private static let hasMbpoll = FileManager.default.isExecutableFile(atPath: "/usr/bin/mbpoll")

  @Test(.enabled(if: hasMbpoll, "Debian's mbpoll is not installed"))
  func mbpollReadsTheSerialLine() async throws {
    let simulator = try await program(["eastron-sdm630@7", "--point", "power_w=-1520.5"])
    let line = try #require(simulator.ready["rtu"] as? String)
    let output = simulator.folder.appendingPathComponent("mbpoll")
    let child = try ChildProcess(
      "/usr/bin/mbpoll",
      [
        "-m", "rtu", "-a", "7", "-b", "9600", "-P", "none", "-t", "3:float", "-B", "-0", "-r", "52", "-c", "1", "-1",
        line,
      ],
      output: output)
    #expect(child.wait() == 0)
    #expect(try String(contentsOf: output, encoding: .utf8).contains("-1520.5"))
  }
}
