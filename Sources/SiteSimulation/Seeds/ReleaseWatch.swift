import EnergyDispatch
import EnergyModel
import SiteSimulator

/// What a limit held back comes back when it is over: loads and heat pumps, cars, and what strings may feed in. Judged only where
/// for long enough nothing has been left that could hold it back: no channel that may limit, a connection, a meter and
/// devices that tell the truth, and room for all that is off. Peak shaving and charging from surplus hold back as they see fit.
struct ReleaseWatch: Sendable {
  /// A stable minute before each comes back, up to sixteenfold where it was too early before.
  private static let each = 960.0
  /// Restorations are spread over this long.
  private static let spread = 120.0
  private static let hour = 3600.0
  /// Chargers rise in ten steps, one each ten seconds, after the pause that a car is due.
  private static let car = 600.0
  private static let production = 300.0
  /// Of the fuse, for what may come back, and below which nothing is curtailed for it.
  private static let share = 0.85

  private let site: SiteParameters
  private let shavesPeaks: Bool
  private let chargesAlways: Bool
  /// When all that is off would last not have fitted, or might not be started.
  private var crowded = -Double.infinity
  /// When so much was last fed in that strings may be curtailed for the fuse.
  private var exportNearFuse = -Double.infinity
  private var off: [DeviceID] = []
  /// When something of it last came back or went.
  private var changed = 0.0
  private var returned: [DeviceID: [Double]] = [:]
  private var capped: [DeviceID: Double] = [:]

  init(_ site: SiteParameters) {
    self.site = site
    shavesPeaks = site.demand != nil && site.economics.contains("peak-shaving")
    chargesAlways = !site.economics.contains("surplus-car")
  }

  mutating func look(_ scene: Judge.Scene) -> Violation? {
    guard let meter = site.gridMeter?.device else { return nil }
    let record = scene.record
    let free = max(
      record.limited, record.islanded, record.agentDown, record.memoryLost, record.spoilt[meter] ?? -.infinity)
    return lookAtProduction(scene, free) ?? (shavesPeaks ? nil : lookAtConsumers(scene, free))
  }

  private mutating func lookAtConsumers(_ scene: Judge.Scene, _ free: Double) -> Violation? {
    var off: [DeviceID] = []
    var wait = 0.0
    var pickUp = 0.0
    for load in scene.plant.loads where !load.isOn && !load.site.isCritical {
      off.append(load.site.device)
      wait = max(wait, load.site.minimumOff.seconds)
      if isWorn(load.site.device, load.site.startsAnHour, scene) { crowded = scene.second }
      pickUp = max(pickUp, current(load.site.rated))
    }
    for pump in scene.plant.heatPumps where pump.state == 1 {
      off.append(pump.site.device)
      wait = max(wait, pump.site.minimumOff.seconds)
      if isWorn(pump.site.device, pump.site.startsAnHour, scene) { crowded = scene.second }
      pickUp = max(pickUp, current(pump.site.rated))
    }
    var patience = Self.spread + Self.each + wait
    // After an outage, or where nobody knows of none, they pick up twice as much.
    if scene.record.islanded > 0 || scene.record.memoryLost > 0 { pickUp *= 2 }
    for charger in scene.plant.chargers where charger.isConnected {
      if charger.told >= charger.site.current.lowerBound {
        // What it was told and does not take is kept for it.
        pickUp += max(0, charger.told - charger.current)
      } else if chargesAlways {
        off.append(charger.site.device)
        pickUp += charger.site.current.lowerBound
        patience += Self.car
      }
    }
    if let fuse = site.fuse, scene.plant.worstCurrent + pickUp > Self.share * fuse.rating.value {
      crowded = scene.second
    }
    if off != self.off { changed = scene.second }
    for device in self.off where !off.contains(device) { returned[device, default: []].append(scene.second) }
    self.off = off
    let spoilt = (off + site.chargers.map(\.device)).compactMap { scene.record.spoilt[$0] }.max() ?? 0
    let held = max(changed, free, crowded, spoilt)
    guard let device = off.first, scene.second - held > patience + scene.reaction else { return nil }
    let text = "\(device) is still off \(Int(scene.second - held)) s after nothing has held it back"
    return scene.violation("late release", text)
  }

  /// Whether it may have been started as often as it bears an hour: lost memory means that it was.
  private mutating func isWorn(_ device: DeviceID, _ most: Int?, _ scene: Judge.Scene) -> Bool {
    guard let most else { return false }
    returned[device]?.removeAll { scene.second - $0 > Self.hour + scene.reaction }
    return scene.second - scene.record.memoryLost < Self.hour + scene.reaction
      || (returned[device]?.count ?? 0) >= most - 1
  }

  /// On one phase, A, but for what is divided among all.
  private func current(_ power: Watts) -> Double {
    power.value / Double(power.value > 4600 ? site.fuse?.phases ?? 3 : 1) / 230
  }

  private mutating func lookAtProduction(_ scene: Judge.Scene, _ free: Double) -> Violation? {
    guard site.feedIn == nil, !(site.economics.contains("curtail-negative") && (site.tariff?.sell ?? 0) < 0) else {
      return nil
    }
    if let fuse = site.fuse, scene.plant.worstExport > Self.share * fuse.rating.value { exportNearFuse = scene.second }
    for hybrid in scene.plant.hybrids {
      let device = hybrid.site.device
      guard hybrid.settings.isProductionLimited, hybrid.settings.productionLimit < 99 else {
        capped[device] = nil
        continue
      }
      let since = capped[device] ?? scene.second
      capped[device] = since
      let cause = max(
        since, free, exportNearFuse, site.hybrids.compactMap { scene.record.spoilt[$0.device] }.max() ?? 0)
      if scene.second - cause > Self.production + scene.reaction {
        let text = "\(device) may still feed in no more than \(Int(hybrid.settings.productionLimit)) %"
        return scene.violation("late release", text)
      }
    }
    return nil
  }
}
