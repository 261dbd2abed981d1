/// One model of a SunSpec device as found on the wire.
public struct SunSpecModel: Hashable, Sendable {
  public var id: Int
  /// Of its ID register, 0-based.
  public var address: Int
  /// L: registers after ID and L.
  public var length: Int

  public init(id: Int, address: Int, length: Int) {
    self.id = id
    self.address = address
    self.length = length
  }
}

/// Where the models of one SunSpec device are, in the order of its chain.
public struct SunSpecMap: Hashable, Sendable {
  /// Of the "SunS" marker.
  public var base: Int
  public var models: [SunSpecModel]

  public init(base: Int, models: [SunSpecModel]) {
    self.base = base
    self.models = models
  }

  /// The first occurrence: later ones belong to sub-devices.
  public func model(_ id: Int) -> SunSpecModel? { models.first { $0.id == id } }
}
