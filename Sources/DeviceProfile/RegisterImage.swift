public import EnergyModel

/// What the requests of one poll brought: the registers of all blocks in one buffer that is reused from
/// poll to poll, and how each block fared.
public struct RegisterImage: Hashable, Sendable {
  /// Coils and discrete inputs are 0 or 1.
  public var registers: [UInt16]
  /// For each block: good, or why its registers mean nothing.
  public var blocks: [Quality]

  public init(registerCount: Int, blockCount: Int) {
    registers = Array(repeating: 0, count: registerCount)
    blocks = Array(repeating: .timeout, count: blockCount)
  }
}
