import EnergyModel
import Testing

@testable import Commissioning

@Suite struct ContactCheckTests {
  private func contact(activeWhenOpen: Bool, limit: String? = "import_power_w 4200 W") -> ContactCheck {
    ContactCheck("dso", isActiveWhenOpen: activeWhenOpen, limit: limit)
  }

  @Test(
    arguments: [
      (true, 1, "open, and that limits to import_power_w 4200 W", "Close it"),
      (true, 0, "closed, and that limits nothing", "Open it"),
      (false, 1, "closed, and that limits to import_power_w 4200 W", "Open it"),
      (false, 0, "open, and that limits nothing", "Close it"),
    ] as [(Bool, Double, String, String)])
  func eachPositionHasAMeaning(activeWhenOpen: Bool, value: Double, meaning: String, request: String) {
    let contact = contact(activeWhenOpen: activeWhenOpen)
    #expect(contact.meaning(of: value) == meaning)
    #expect(contact.request(from: value) == request)
  }

  @Test func oneThatLimitsNobodyIsActiveOrNot() {
    #expect(contact(activeWhenOpen: false, limit: nil).meaning(of: 1) == "closed, and that is active")
    #expect(contact(activeWhenOpen: false, limit: nil).meaning(of: 0) == "open, and that is inactive")
  }

  @Test func itHasToGoThereAndBack() {
    let contact = contact(activeWhenOpen: true)
    let passed = contact.finding(before: 0, operated: 1, back: 0)
    #expect(passed.outcome == .passed)
    #expect(
      passed.text
        == "closed, and that limits nothing; operated it is open, and that limits to import_power_w 4200 W, and back")
    #expect(contact.finding(before: 0, operated: 0, back: nil).outcome == .failed)
    #expect(contact.finding(before: 0, operated: nil, back: nil).outcome == .failed)
    #expect(contact.finding(before: 0, operated: 1, back: 1).outcome == .failed)
    #expect(contact.finding(before: 0, operated: 1, back: nil).outcome == .failed)
  }
}
