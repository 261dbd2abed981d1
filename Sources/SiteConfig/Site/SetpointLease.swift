import DeviceProfile
import EnergyDispatch
import EnergyModel

/// How long a setpoint of a device lasts, and on what terms, as its profile and the installer say.
struct SetpointLease {
  /// Of a device without a timer: the agent's own.
  private static let ownPeriod: Duration = .seconds(60)

  /// Nil where the device is only watched: it has no timer, or its profile is experimental, and nobody has confirmed that it
  /// may be written all the same.
  var reversion: Duration?
  var terms: LeaseTerms
  /// Whether the command only takes a battery's power: limits that leave it a choice are refused, or change nothing.
  var takesPowerOnly: Bool
  /// Whether it can tell a battery to charge, and to discharge.
  var takesCharge: Bool
  var takesDischarge: Bool

  /// Nil where the profile has no command for it.
  /// - Parameters:
  ///   - isConfirmed: `without_timer: confirmed` is written.
  ///   - mayWrite: false where the device is only read whatever its profile can.
  init?(_ kind: SetpointKind, in profile: DeviceProfile, isConfirmed: Bool, mayWrite: Bool = true) {
    guard let command = profile.commands.first(where: { $0.parameters.contains(kind) }) else { return nil }
    terms = LeaseTerms(expiry: command.onExpiry, writesADay: command.writesADay, lag: profile.lag)
    takesPowerOnly = !command.takesBatteryLimits
    takesCharge = command.takes([.chargeLimit: 1000, .dischargeLimit: -1000])
    takesDischarge = command.takes([.chargeLimit: -1000, .dischargeLimit: 1000])
    guard mayWrite else { return }
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

  /// `experimental: confirmed`: the installer has seen on this device that the profile's registers mean what it says.
  func isConfirmedExperiment(_ section: ConfigSection, _ profile: DeviceProfile?) -> Bool {
    guard let value = section["experimental"] else { return false }
    guard value.choice(["confirmed"], what: "word") != nil else { return false }
    // Once a profile is proven the word does no harm: a newer profile must not stop a gateway.
    if let profile, profile.commands.isEmpty {
      value.refuse("profile \(profile.name) only reads, so there is nothing to confirm")
    }
    return true
  }

  /// Why a device that could be asked for something is not, in words; nil where it is, or where there is nothing to ask.
  func readingOnly(_ profile: DeviceProfile, isConfirmed: Bool) -> String? {
    guard profile.isExperimental, !profile.commands.isEmpty, !isConfirmed else { return nil }
    return "profile \(profile.name) is experimental: " + profile.doubts.map(\.description).joined(separator: ", and ")
      + " (experimental: confirmed lets it be written)"
  }
}
