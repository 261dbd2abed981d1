import EnergyModel
import ModbusDevices

/// Sends each command to the bus that its device hangs on.
struct DeviceRouter: SetpointPort {
  let buses: [DeviceID: ModbusBus]
  let reports: any WriteReportSink
  let time: any TimeSource

  func submit(_ command: SetpointCommand) {
    guard let bus = buses[command.device] else {
      reports.accept(WriteReport(command: command, outcome: .refused("no bus leads to this device"), at: time.now()))
      return
    }
    bus.submit(command)
  }
}
