import EnergyModel
import Testing

@testable import EnergyDispatch

struct WriteBudgetTests {
  private static let start = MonotonicInstant(nanoseconds: 0)

  @Test func whatIsSpentComesBackOverTheDay() {
    var budget = WriteBudget(aDay: 24, saved: "2", at: Self.start)
    budget.spend(at: Self.start)
    #expect(budget.hasLeft(at: Self.start))
    budget.spend(at: Self.start)
    #expect(!budget.hasLeft(at: Self.start + .seconds(3599)))
    #expect(budget.hasLeft(at: Self.start + .seconds(3600)))
  }

  @Test func noMoreThanADaysWorthIsSavedUp() {
    var budget = WriteBudget(aDay: 3, saved: "3", at: Self.start)
    let later = Self.start + .seconds(10 * 86_400)
    for _ in 0..<3 {
      #expect(budget.hasLeft(at: later))
      budget.spend(at: later)
    }
    #expect(!budget.hasLeft(at: later))
  }

  @Test(arguments: [nil, "", "nan", "inf", "much"] as [Substring?])
  func lostMemoryLeavesOne(saved: Substring?) {
    var budget = WriteBudget(aDay: 24, saved: saved, at: Self.start)
    #expect(budget.hasLeft(at: Self.start))
    budget.spend(at: Self.start)
    #expect(!budget.hasLeft(at: Self.start))
    #expect(budget.saved == "0")
  }
}
