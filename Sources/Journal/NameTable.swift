/// Short numbers for the names of devices and points, kept in the database for as long as it lives.
struct NameTable: Sendable {
  private var numbers: [String: Int] = [:]
  private var names: [Int: String] = [:]
  /// Given since the table was last stored.
  private(set) var fresh: [(number: Int, name: String)] = []

  mutating func adopt(_ name: String, as number: Int) {
    numbers[name] = number
    names[number] = name
  }

  /// The number of a name, a new one if need be.
  mutating func number(of name: String) -> Int {
    if let known = numbers[name] { return known }
    let number = numbers.count + 1
    adopt(name, as: number)
    fresh.append((number, name))
    return number
  }

  func name(of number: Int) -> String? { names[number] }

  mutating func markStored() { fresh = [] }
}
