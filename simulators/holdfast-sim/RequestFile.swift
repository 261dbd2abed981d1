import EnergyModel
import SiteSimulator
import Threads

/// The file that gets what clients ask: one line for each request.
///
/// `{"t":…,"monotonic_us":…,"device":"inverter","unit":1,"write":true,"address":40259,"values":[…]}`, for reads `"count"` in place of
/// the values. What cannot be understood is left out.
struct RequestFile: Sendable {
  private let file: TruthFile

  init(path: String) throws { file = try TruthFile(path: path) }

  func append(_ frame: ModbusFrame, to device: String) {
    guard let request = try? ModbusRequest(frame.body) else { return }
    var json = JSONText()
    json.object { json in
      json.member("t", SystemClock.wall().milliseconds)
      json.member("monotonic_us", MonotonicInstant.current.nanoseconds / 1000)
      json.member("device", device)
      json.member("unit", Int(frame.unit))
      switch request {
      case .readCoils(let address, let count), .readDiscrete(let address, let count),
        .readHolding(let address, let count), .readInput(let address, let count):
        json.member("write", false)
        json.member("address", address)
        json.member("count", count)
      case .writeCoil(let address, let isOn): write(address, [isOn ? 1 : 0], &json)
      case .writeRegister(let address, let value): write(address, [value], &json)
      case .writeCoils(let address, let areOn): write(address, areOn.map { $0 ? 1 : 0 }, &json)
      case .writeRegisters(let address, let values): write(address, values, &json)
      }
    }
    file.append(json.text)
  }

  private func write(_ address: Int, _ values: [UInt16], _ json: inout JSONText) {
    json.member("write", true)
    json.member("address", address)
    json.key("values")
    json.array { json in
      for value in values { json.value(Int(value)) }
    }
  }
}
