import EnergyModel

/// Tells what the site expects and offers.
extension Uplink {
  /// Like `status` it passes the journal by: it is state, of which the newest alone counts. Unlike `status` it
  /// waits with the backlog when the month's data run out, so that it takes nothing of what is measured;
  /// `valid_until` tells the receiver what to think of the one that the broker keeps.
  func publishForecast() {
    let now = time.now()
    guard let forecasts, forecast.mayLook(at: now.monotonic) else { return }
    forecast.looked(at: now.monotonic)
    guard let report = forecasts.report(), forecast.isDue(report, at: now) else { return }
    let payload = ForecastFrame.payload(report, site: settings.site)
    let message = OutgoingMessage(id: newID(), topic: settings.topic("forecast"), payload: payload, isRetained: true)
    guard affords(.backlog, bytes: message.topic.utf8.count + payload.count) else {
      return forecast.withheld(at: now.monotonic)
    }
    // Without room in the link it is looked at anew in a second.
    guard link.publish(message) else { return }
    countData(message.topic, payload)
    forecast.published(report, at: now.monotonic)
  }
}
