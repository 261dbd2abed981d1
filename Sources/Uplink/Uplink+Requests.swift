import EnergyModel

/// What the receiver says: acknowledgements and requests for replay.
extension Uplink {
  /// Messages that may wait for the next turn; a receiver says again what found no room.
  private static let mostWaiting = 64

  /// Takes a message of the link; what is no business of an uplink is left alone.
  func take(_ message: IncomingMessage) {
    guard let kind = ReceiverRequest.Kind.allCases.first(where: { message.topic == settings.topic($0.rawValue) })
    else { return }
    do throws(ReceiverRequest.Refusal) {
      guard requests.count < Self.mostWaiting else { throw ReceiverRequest.Refusal("too many at once") }
      requests.append(try ReceiverRequest(message, as: kind))
    } catch {
      refuse(kind, error)
    }
  }

  /// Does what is asked. An acknowledgement is journalled with the arrivals of this turn.
  func answerRequests() async throws {
    guard !requests.isEmpty else { return }
    let logs = try await store.logs(for: settings.destination)
    knownEpochs.formUnion(logs.map(\.epoch))
    while !requests.isEmpty {
      let request = requests.removeFirst()
      do throws(ReceiverRequest.Refusal) {
        guard let log = logs.first(where: { $0.epoch == request.epoch }) else {
          // Said a second time of a log that was let go because everything had arrived.
          if request.kind == .ack && knownEpochs.contains(request.epoch) { continue }
          throw ReceiverRequest.Refusal("no log has the epoch \(request.epoch)")
        }
        switch request.kind {
        case .ack: confirm(try request.acknowledged(of: log), of: log.epoch)
        case .replay: try await replay(request)
        }
      } catch {
        refuse(request.kind, error)
      }
    }
  }

  private func confirm(_ ranges: SequenceRangeSet, of epoch: Epoch) {
    guard !ranges.isEmpty else { return }
    let released = scheduler.confirmed(ranges, of: epoch, at: time.now().monotonic)
    for delivery in released { countAcknowledged(delivery) }
  }

  /// Says that a receiver which speaks never confirms something; once an hour, because it is tried for ever.
  func tellUnconfirmed(_ deliveries: [Delivery]) {
    guard let first = deliveries.first, unconfirmedWarnings.mayTell(at: time.now().monotonic) else { return }
    let others = deliveries.count > 1 ? " and \(deliveries.count - 1) others" : ""
    warn(
      "delivery-unconfirmed",
      "\(settings.destination): the receiver confirms others and not \(first.range.first) to \(first.range.last) of "
        + "\(first.epoch)\(others), which is sent on less and less often",
      [
        "epoch": .text("\(first.epoch)"), "first": .integer(Int64(clamping: first.range.first)),
        "last": .integer(Int64(clamping: first.range.last)),
      ])
  }

  /// What was sent of these ranges counts no more, so the ordinary lanes take them up again.
  private func replay(_ request: ReceiverRequest) async throws(ReceiverRequest.Refusal) {
    guard !request.ranges.isEmpty else { return }
    guard replays.mayGo(at: time.now().monotonic) else { throw ReceiverRequest.Refusal("too often: ask again later") }
    do {
      try await store.replay(request.ranges.ranges, of: request.epoch, to: settings.destination)
    } catch {
      throw ReceiverRequest.Refusal("the journal answers: \(error)")
    }
    scheduler.forget(request.ranges, of: request.epoch)
  }

  /// Counted always, told so that a receiver that goes on and on does not fill the event log.
  private func refuse(_ kind: ReceiverRequest.Kind, _ refusal: ReceiverRequest.Refusal) {
    count { $0.refusedMessages += 1 }
    switch kind {
    case .ack:
      guard ackWarnings.mayTell(at: time.now().monotonic) else { return }
    case .replay:
      guard replayWarnings.mayTell(at: time.now().monotonic) else { return }
    }
    warn("\(kind.rawValue)-refused", "\(settings.destination): \(refusal.text)")
  }

  func warn(_ name: String, _ text: String, _ data: [String: Event.Value] = [:]) {
    var data = data
    data["destination"] = .text(settings.destination.name)
    events.post(Event(at: time.now(), name: name, severity: .warning, text: text, data: data))
  }
}
