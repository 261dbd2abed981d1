/// A register of a SunSpec device: in one of its models and, inside that, in a repeated group.
public struct SunSpecAddress: Hashable, Sendable {
  /// Ids of models that are alike as far as this register goes: 103, 102 and 101 differ in their ids alone.
  public var models: [Int]
  /// Which of these models in the chain, 1 the first; nil for each of them. Later ones belong to sub-devices, or are the
  /// strings of a battery.
  public var instance: Int?
  /// The repeated groups around it, outermost first.
  public var groups: [SunSpecGroup]
  /// Registers from the model's ID register (ID = 0, L = 1), or from the beginning of the innermost repetition.
  public var offset: Int

  public init(models: [Int], instance: Int? = 1, groups: [SunSpecGroup] = [], offset: Int) {
    self.models = models
    self.instance = instance
    self.groups = groups
    self.offset = offset
  }

  /// Whether it stands for as many registers as the device has models or repetitions.
  public var isEach: Bool { instance == nil || groups.contains { $0.repetition == nil } }
}

/// Registers that repeat within a model, such as the ports of model 714 or the modules of model 160.
public struct SunSpecGroup: Hashable, Sendable {
  /// A number of registers that may depend on a number which the device tells: `fixed + each × (the number at count)`.
  public struct Extent: Hashable, Sendable {
    public var fixed: Int
    public var each: Int
    /// Of the register with the number, from the model's ID register; nil where nothing depends on one.
    public var count: Int?

    public init(_ fixed: Int, each: Int = 0, count: Int? = nil) {
      self.fixed = fixed
      self.each = each
      self.count = count
    }
  }

  /// Of the first repetition, from the model's ID register or from the beginning of the repetition around it.
  public var start: Extent
  /// Of one repetition, with the groups inside it.
  public var size: Extent
  /// Of the register with the number of repetitions, from the model's ID register; nil where they go on as long as
  /// there is room (`count: 0` in SunSpec's definitions).
  public var count: Int?
  /// The one that is meant, 1 the first; nil for each.
  public var repetition: Int?

  public init(start: Extent, size: Extent, count: Int? = nil, repetition: Int? = nil) {
    self.start = start
    self.size = size
    self.count = count
    self.repetition = repetition
  }

  /// The offsets of all numbers that its place depends on.
  var counts: [Int] { [start.count, size.count, count].compactMap(\.self) }
}

extension SunSpecAddress: CustomStringConvertible {
  public var description: String {
    let model = "model \(models.map(String.init).joined(separator: " or "))"
    let which = instance.map { $0 > 1 ? " (number \($0) of the chain)" : "" } ?? " (each of the chain)"
    let place = groups.isEmpty ? "offset \(offset)" : "offset \(offset) of a group"
    return "\(place) of \(model)\(which)"
  }
}
