import EnergyModel
import Synchronization
import TestKit

/// Holds every reading and every report against what the device has.
final class SoakJudge: SampleSink, WriteReportSink, EventSink {
  private struct State {
    var result = BusSoak.Result()
    var samples: [DeviceID: Int] = [:]
    var next: UInt64 = 1
    var isWaiting: Set<DeviceID> = []
    var submit: (@Sendable (SetpointCommand) -> Void)?
  }

  private static let samplesToCommand = 20

  private let peer: ModbusPeer
  private let state = Mutex(State())

  init(_ peer: ModbusPeer) { self.peer = peer }

  func attach(_ submit: @escaping @Sendable (SetpointCommand) -> Void) { state.withLock { $0.submit = submit } }

  func accept(_ sample: Sample) {
    let unit = Int(sample.device.name) ?? 0
    let asked = BusSoak.stamp(sample.measured.monotonic)
    let task = state.withLock { state -> (@Sendable () -> Void)? in
      for reading in sample.readings {
        guard let value = reading.value, let place = BusSoak.places[reading.point] else { continue }
        let isRight =
          place % 2 == 0
          ? value == Double(unit << 8 | place)
          // Not older than its sample says, give or take one step.
          : Int16(bitPattern: UInt16(value) &- asked) >= -1
        state.result.goodValues += 1
        if !isRight { state.result.wrongValues += 1 }
      }
      state.samples[sample.device, default: 0] += 1
      guard state.samples[sample.device, default: 0] % Self.samplesToCommand == 0, let submit = state.submit,
        state.isWaiting.insert(sample.device).inserted
      else { return nil }
      let command = Self.command(state.next, sample.device, at: sample.measured.monotonic)
      state.next += 1
      return { submit(command) }
    }
    task?()
  }

  private static func command(_ id: UInt64, _ device: DeviceID, at now: MonotonicInstant) -> SetpointCommand {
    SetpointCommand(
      id: id, device: device,
      setpoints: [
        Setpoint(
          device: device, kind: .productionLimit, value: Double(id % 97 + 1), owner: "soak",
          expires: now + .seconds(60))
      ])
  }

  func accept(_ report: WriteReport) {
    let device = report.command.device
    let found = peer.register(Int(device.name) ?? 0, 200)
    state.withLock { state in
      state.isWaiting.remove(device)
      if report.outcome == .confirmed {
        state.result.confirmed += 1
        if found.map(Double.init) != report.command.setpoints.first?.value { state.result.confirmedWithoutEffect += 1 }
      } else {
        state.result.notConfirmed += 1
      }
    }
  }

  func post(_ event: Event) {}

  func add(to total: inout BusSoak.Result) {
    let own = state.withLock { $0.result }
    total.goodValues += own.goodValues
    total.wrongValues += own.wrongValues
    total.confirmed += own.confirmed
    total.notConfirmed += own.notConfirmed
    total.confirmedWithoutEffect += own.confirmedWithoutEffect
  }
}

/// Decides at random, but the same each time, which request goes wrong and how.
final class FaultDice: Sendable {
  private let faults: [ModbusPeer.Behaviour]
  private let perMille: UInt64
  private let state: Mutex<(random: SplitMix64, counts: [ModbusPeer.Behaviour: Int])>

  init(_ faults: [ModbusPeer.Behaviour], perMille: Int, seed: UInt64) {
    self.faults = faults
    self.perMille = UInt64(perMille)
    state = Mutex((SplitMix64(seed: seed), [:]))
  }

  var counts: [ModbusPeer.Behaviour: Int] { state.withLock { $0.counts } }

  func throwFor(_ request: ModbusPeer.Request) -> ModbusPeer.Behaviour {
    state.withLock { state in
      guard state.random.next() % 1000 < perMille else { return .answer }
      let fault = faults[Int(state.random.next() % UInt64(faults.count))]
      if fault == .ignoreWrite, request.function != 16 { return .answer }
      state.counts[fault, default: 0] += 1
      return fault
    }
  }
}
