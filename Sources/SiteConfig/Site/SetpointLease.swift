import DeviceProfile
import EnergyDispatch
import EnergyModel

/// How long a setpoint of a device lasts, and on what terms, as its profile and the installer say.
struct SetpointLease {
  /// Of a device without a timer: the agent's own.
  private static let ownPeriod: Duration = .seconds(60)

  /// Nil where the device is only watched: it has no timer, and nobody has confirmed that it may be written all the same.
  var reversion: Duration?
  var terms: LeaseTerms

  /// Nil where the profile has no command for it.
  /// - Parameter isConfirmed: `without_timer: confirmed` is written.
  init?(_ kind: SetpointKind, in profile: DeviceProfile, isConfirmed: Bool) {
    guard let command = profile.commands.first(where: { $0.parameters.contains(kind) }) else { return nil }
    terms = LeaseTerms(expiry: command.onExpiry, writesADay: command.writesADay, lag: profile.lag)
    reversion = command.onExpiry == .hold && isConfirmed ? Self.ownPeriod : command.reversion
  }
}

extension SiteReader {
  /// `without_timer: confirmed`: the installer takes it upon himself that the device holds its last setpoint for ever when the
  /// agent dies.
  func isConfirmedWithoutTimer(_ section: ConfigSection, _ profile: DeviceProfile?) -> Bool {
    guard let value = section["without_timer"] else { return false }
    guard value.choice(["confirmed"], what: "word") != nil else { return false }
    if let profile, !profile.commands.contains(where: { $0.onExpiry == .hold }) {
      value.refuse("no command of profile \(profile.name) lacks a timer, so there is nothing to confirm")
    }
    return true
  }
}
