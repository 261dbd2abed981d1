/// Which SunSpec models the simulated inverter has, and where. Lengths from the SunSpec model definitions
/// (github.com/sunspec/models, commit 7abdf898); the common model is 65 long, as on Fronius inverters.
public enum SunSpecChain {
  /// Of the marker "SunS".
  public static let base = 40_000
  /// In the order of their addresses; the length counts without ID and L.
  public static let models: [(id: Int, length: Int)] = [
    (1, 65), (103, 50), (120, 26), (121, 30), (123, 24), (124, 24), (160, 88), (802, 62),
  ]

  /// Marker, models and end block, in registers.
  public static let length = 2 + models.reduce(0) { $0 + 2 + $1.length } + 2

  /// Address of a model's ID register; nil where the inverter has no such model.
  public static func address(of model: Int) -> Int? {
    var address = base + 2
    for (id, length) in models {
      if id == model { return address }
      address += 2 + length
    }
    return nil
  }

  /// The model an address lies in, and the offset from its ID register; nil outside of all.
  static func place(_ address: Int) -> (model: Int, offset: Int)? {
    var start = base + 2
    for (id, length) in models {
      if (start..<start + 2 + length).contains(address) { return (id, address - start) }
      start += 2 + length
    }
    return nil
  }
}
