import EnergyDispatch
import EnergyModel

extension SiteReader {
  /// `may: {battery-power: 5 kW, shed: [pool, boiler], reserve: yes}`; whatever is not written there it may not.
  func readAuthority(_ value: ConfigValue, loads: [LoadEntry], hasBattery: Bool) -> Authority? {
    guard let section = ConfigSection(value, keys: ["battery-power", "shed", "reserve"]) else { return nil }
    let power = section["battery-power"].map { $0.power()?.value }
    let shed = section["shed"].map { readShed($0, loads: loads) } ?? []
    let reserve = section["reserve"].map { $0.yesOrNo() } ?? false
    // Without a battery there is nothing that these could be about.
    if !hasBattery, power != nil { section["battery-power"]?.refuse("no device has a battery") }
    if !hasBattery, reserve == true { section["reserve"]?.refuse("no device has a battery") }
    guard power != .some(nil), let shed, let reserve else { return nil }
    return Authority(batteryPower: power ?? nil, shed: shed, mayRaiseReserve: reserve)
  }

  private func readShed(_ value: ConfigValue, loads: [LoadEntry]) -> [DeviceID]? {
    guard let items = value.list("a list of loads such as [pool, boiler]") else { return nil }
    let devices = items.map { item -> DeviceID? in
      guard let name = item.text("the name of a load") else { return nil }
      guard let load = loads.first(where: { $0.load.device.name == name })?.load else {
        refuse(item, name, loads)
        return nil
      }
      guard !load.isCritical else {
        item.refuse("a critical load is never shed")
        return nil
      }
      return load.device
    }
    let good = devices.compactMap { $0 }
    return good.count == devices.count ? good : nil
  }

  /// What is wrong with a load that is written has been told where it is.
  private func refuse(_ item: ConfigValue, _ name: String, _ loads: [LoadEntry]) {
    guard let written = (root["loads"]?.pairs() ?? []).first(where: { $0.key == name }) else {
      return item.refuse("there is no load \(name)" + NearestName.hint(name, among: loads.map(\.load.device.name)))
    }
    if written.value.hasKey("sg_ready") {
      item.refuse("a heat pump is blocked where a limit asks for it, not shed by name")
    }
  }
}
