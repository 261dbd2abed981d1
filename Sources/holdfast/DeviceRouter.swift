import EnergyModel

/// Sends each command to the bus or broker that its device hangs on.
struct DeviceRouter: SetpointPort {
  let ports: [DeviceID: any SetpointPort]
  let reports: any WriteReportSink
  let time: any TimeSource

  func submit(_ command: SetpointCommand) {
    guard let port = ports[command.device] else {
      reports.accept(WriteReport(command: command, outcome: .refused("no bus leads to this device"), at: time.now()))
      return
    }
    port.submit(command)
  }
}
